package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os"
	"strconv"
	"time"

	"github.com/tochemey/goakt/v3/address"
	"github.com/tochemey/goakt/v3/remote"
	"github.com/tochemey/goakt/v3/supervisor"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// sample is one frame, and its message as JSON.
type sample struct {
	Name string `json:"name"`
	// GoAkt's own bytes, or a message that only protobuf-go has encoded.
	Origin  string          `json:"origin"`
	Message string          `json:"message"`
	JSON    json.RawMessage `json:"json"`
	Hex     string          `json:"hex"`
}

// answers to give while requests are recorded, by the name of the request.
var canned = map[string]string{
	"RemoteTellRequest":          `RemoteTellResponse {}`,
	"RemoteAskRequest":           `RemoteAskResponse {}`,
	"RemoteLookupRequest":        `RemoteLookupResponse {"address":"goakt://gopher@127.0.0.1:9123/a"}`,
	"RemoteSpawnRequest":         `RemoteSpawnResponse {}`,
	"RemoteReSpawnRequest":       `RemoteReSpawnResponse {}`,
	"RemoteStopRequest":          `RemoteStopResponse {}`,
	"RemoteReinstateRequest":     `RemoteReinstateResponse {}`,
	"RemoteTellGrainRequest":     `RemoteTellGrainResponse {}`,
	"RemoteAskGrainRequest":      `RemoteAskGrainResponse {}`,
	"RemoteActivateGrainRequest": `RemoteActivateGrainResponse {}`,
}

// built are messages that no call below sends, as JSON.
var built = [][2]string{
	{"internalpb.GetNodeMetricRequest", `{"nodeAddress":"127.0.0.1:9123"}`},
	{"internalpb.GetNodeMetricResponse", `{"nodeAddress":"127.0.0.1:9123","load":"18446744073709551615"}`},
	{"internalpb.GetKindsRequest", `{"nodeAddress":"127.0.0.1:9123"}`},
	{"internalpb.GetKindsResponse", `{"kinds":["actor.funcactor","main.echo"]}`},
	{"internalpb.PersistPeerStateRequest", `{"peerState":{"host":"127.0.0.1","remotingPort":9123,"peersPort":9124,
		"actors":{"goakt://gopher@127.0.0.1:9123/a":{"address":"goakt://gopher@127.0.0.1:9123/a","type":"main.echo",
		"relocatable":true,"passivationStrategy":{"timeBased":{"passivateAfter":"120s"}},"enableStash":true,"role":"web"}},
		"grains":{"main.account/x":{"grainId":{"kind":"main.account","name":"x","value":"main.account/x"},
		"host":"127.0.0.1","port":9123,"mailboxCapacity":"-1","disableRelocation":true}}}}`},
	{"internalpb.PersistPeerStateResponse", `{}`},
	{"internalpb.AsyncRequest", `{"correlationId":"c1","replyTo":"goakt://gopher@127.0.0.1:9123/a",
		"message":{"@type":"type.googleapis.com/google.protobuf.StringValue","value":"hello"}}`},
	{"internalpb.AsyncResponse", `{"correlationId":"c1","error":"request timed out"}`},
	{"internalpb.TopicMessage", `{"id":"1","topic":"news",
		"message":{"@type":"type.googleapis.com/google.protobuf.StringValue","value":"hello"}}`},
	{"internalpb.RemoteSpawnRequest", `{"host":"127.0.0.1","port":9123,"actorName":"a","actorType":"main.echo",
		"singleton":{"spawnTimeout":"30s","waitInterval":"0.500s","maxRetries":5},"relocatable":true,
		"passivationStrategy":{"messagesCountBased":{"maxMessages":"9007199254740993"}},
		"dependencies":[{"id":"d1","typeName":"main.dep","bytea":"AQID"}],"enableStash":true,"role":"web",
		"supervisor":{"strategy":"SUPERVISOR_STRATEGY_ONE_FOR_ALL","maxRetries":3,"timeout":"-0.000000001s",
		"directives":[{"errorType":"errors.PanicError","directive":"SUPERVISOR_DIRECTIVE_RESTART"}],
		"anyErrorDirective":"SUPERVISOR_DIRECTIVE_STOP"},
		"reentrancy":{"mode":"REENTRANCY_MODE_STASH_NON_REENTRANT","maxInFlight":8}}`},
	{"internalpb.Error", `{"code":"CODE_DEADLINE_EXCEEDED","message":"remote send failed\nrequest timed out"}`},
	{"internalpb.DataCenterRecord", `{"id":"z1eudc","dataCenter":{"name":"dc","region":"eu","zone":"z1","labels":{"a":"b"}},
		"endpoints":["127.0.0.1:9123"],"state":"DATA_CENTER_STATE_ACTIVE","leaseExpiry":"2026-01-02T03:04:05.000000006Z","version":"7"}`},
	{"goaktpb.PoisonPill", `{}`},
	{"goaktpb.NoMessage", `{}`},
	{"goaktpb.Terminated", `{"address":"goakt://gopher@127.0.0.1:9123/a","terminatedAt":"2026-01-02T03:04:05Z"}`},
	{"goaktpb.Deadletter", `{"sender":"goakt://@:0/","receiver":"goakt://gopher@127.0.0.1:9123/a","reason":"gone",
		"message":{"@type":"type.googleapis.com/google.protobuf.StringValue","value":"hello"},"sendTime":"2026-01-02T03:04:05Z"}`},
	{"goaktpb.StatusFailure", `{"error":"bad","message":{"@type":"type.googleapis.com/google.protobuf.StringValue","value":"hello"}}`},
	{"goaktpb.PanicSignal", `{"message":{"@type":"type.googleapis.com/google.protobuf.StringValue","value":"hello"},"reason":"bad","timestamp":"2026-01-02T03:04:05Z"}`},
	{"goaktpb.Publish", `{"id":"1","topic":"news","message":{"@type":"type.googleapis.com/google.protobuf.StringValue","value":"hello"}}`},
	{"goaktpb.Subscribe", `{"topic":"news"}`},
	{"goaktpb.UnsubscribeAck", `{"topic":"news"}`},
}

type headerPropagator struct{}

func (headerPropagator) Inject(_ context.Context, headers nethttp.Header) error {
	headers.Set("traceparent", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01")
	return nil
}

func (headerPropagator) Extract(ctx context.Context, _ nethttp.Header) (context.Context, error) {
	return ctx, nil
}

// printSamples records what GoAkt's client sends, replays it to a GoAkt node, and prints both directions.
func printSamples(port int) error {
	names, requests, err := recordRequests(port)
	if err != nil {
		return err
	}
	responses, err := replay(port, requests)
	if err != nil {
		return err
	}
	var samples []sample
	for i, request := range requests {
		for _, part := range []struct {
			kind  string
			frame []byte
		}{{"request", request}, {"response", responses[i]}} {
			s, err := describe(names[i]+", "+part.kind, "goakt", part.frame)
			if err != nil {
				return err
			}
			samples = append(samples, s)
		}
	}
	for _, message := range built {
		frame, err := build(message[0], message[1])
		if err != nil {
			return fmt.Errorf("%s: %w", message[0], err)
		}
		s, err := describe("message "+message[0], "protobuf-go", frame)
		if err != nil {
			return err
		}
		samples = append(samples, s)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(samples)
}

// recordRequests makes the calls of GoAkt's client to a listener that keeps what it gets.
func recordRequests(port int) ([]string, [][]byte, error) {
	listener, err := net.Listen("tcp4", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, nil, err
	}
	defer listener.Close()
	frames := make(chan []byte, 100)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go recordConnection(conn, frames)
		}
	}()
	var names []string
	var requests [][]byte
	for _, call := range calls(port) {
		client := remote.NewRemoting(remote.WithRemotingCompression(remote.NoCompression))
		if call.propagated {
			client = remote.NewRemoting(
				remote.WithRemotingCompression(remote.NoCompression),
				remote.WithRemotingContextPropagator(headerPropagator{}))
		}
		ctx := context.Background()
		if call.deadline {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, time.Unix(4_000_000_000, 123))
			defer cancel()
		}
		_ = call.run(ctx, client) // canned answers may be short of what it wants
		client.Close()
		select {
		case frame := <-frames:
			names = append(names, call.name)
			requests = append(requests, frame)
		case <-time.After(5 * time.Second):
			return nil, nil, errors.New(call.name + " sent nothing")
		}
	}
	return names, requests, nil
}

func recordConnection(conn net.Conn, frames chan<- []byte) {
	defer conn.Close()
	for {
		frame, err := readFrame(conn)
		if err != nil {
			return
		}
		frames <- frame
		name := frameName(frame)
		text := canned[name[len("internalpb."):]]
		space := 0
		for text[space] != ' ' {
			space++
		}
		response, err := build("internalpb."+text[:space], text[space+1:])
		if err != nil {
			return
		}
		if _, err := conn.Write(response); err != nil {
			return
		}
	}
}

// call is one use of GoAkt's client.
type call struct {
	name       string
	run        func(context.Context, remote.Remoting) error
	propagated bool
	deadline   bool
}

func calls(port int) []call {
	to := func(name string) *address.Address { return address.New(name, "gopher", host, port) }
	none := address.NoSender()
	hello := wrapperspb.String("hello")
	tell := func(ctx context.Context, r remote.Remoting) error { return r.RemoteTell(ctx, none, to("a"), hello) }
	lookup := func(name string) func(context.Context, remote.Remoting) error {
		return func(ctx context.Context, r remote.Remoting) error {
			_, err := r.RemoteLookup(ctx, host, port, name)
			return err
		}
	}
	ask := func(name, text string, timeout time.Duration) func(context.Context, remote.Remoting) error {
		return func(ctx context.Context, r remote.Remoting) error {
			_, err := r.RemoteAsk(ctx, to("caller"), to(name), wrapperspb.String(text), timeout)
			return err
		}
	}
	spawn := func(request *remote.SpawnRequest) func(context.Context, remote.Remoting) error {
		return func(ctx context.Context, r remote.Remoting) error {
			return r.RemoteSpawn(ctx, host, port, request)
		}
	}
	policy := supervisor.NewSupervisor(supervisor.WithAnyErrorDirective(supervisor.RestartDirective), supervisor.WithRetry(3, time.Second))
	grain := &remote.GrainRequest{Name: "x", Kind: "main.account", ActivationTimeout: time.Second, ActivationRetries: 5}
	unknown := &remote.GrainRequest{Name: "x", Kind: "main.nobody"}
	return []call{
		{name: "tell", run: tell},
		{name: "tell with a header", run: tell, propagated: true},
		{name: "tell with a deadline", run: tell, deadline: true},
		{name: "tell to nobody", run: func(ctx context.Context, r remote.Remoting) error {
			return r.RemoteTell(ctx, none, to("nobody"), hello)
		}},
		{name: "tell a batch", run: func(ctx context.Context, r remote.Remoting) error {
			return r.RemoteBatchTell(ctx, to("caller"), to("a"), []proto.Message{wrapperspb.String("1"), wrapperspb.String("2")})
		}},
		{name: "ask", run: ask("a", "hello", time.Second)},
		{name: "ask without time", run: ask("a", "hello", 0)},
		{name: "ask in vain", run: ask("a", "silent", 10*time.Millisecond)},
		{name: "ask nobody", run: ask("nobody", "hello", time.Second)},
		{name: "ask a batch", run: func(ctx context.Context, r remote.Remoting) error {
			_, err := r.RemoteBatchAsk(ctx, none, to("a"), []proto.Message{wrapperspb.String("1"), wrapperspb.String("2")}, time.Second)
			return err
		}},
		{name: "look up", run: lookup("a")},
		{name: "look up nobody", run: lookup("nobody")},
		{name: "spawn", run: spawn(&remote.SpawnRequest{Name: "b", Kind: "main.echo"})},
		{name: "spawn supervised", run: spawn(&remote.SpawnRequest{Name: "c", Kind: "main.echo", Supervisor: policy})},
		{name: "spawn an unknown kind", run: spawn(&remote.SpawnRequest{Name: "d", Kind: "main.nobody"})},
		{name: "spawn a reserved name", run: spawn(&remote.SpawnRequest{Name: "GoAktX", Kind: "main.echo"})},
		{name: "respawn", run: func(ctx context.Context, r remote.Remoting) error { return r.RemoteReSpawn(ctx, host, port, "b") }},
		{name: "reinstate", run: func(ctx context.Context, r remote.Remoting) error { return r.RemoteReinstate(ctx, host, port, "b") }},
		{name: "stop", run: func(ctx context.Context, r remote.Remoting) error { return r.RemoteStop(ctx, host, port, "b") }},
		{name: "stop nobody", run: func(ctx context.Context, r remote.Remoting) error { return r.RemoteStop(ctx, host, port, "nobody") }},
		{name: "activate a grain", run: func(ctx context.Context, r remote.Remoting) error {
			return r.RemoteActivateGrain(ctx, host, port, grain)
		}},
		{name: "tell a grain", run: func(ctx context.Context, r remote.Remoting) error {
			return r.RemoteTellGrain(ctx, host, port, grain, wrapperspb.String("tell"))
		}},
		{name: "ask a grain", run: func(ctx context.Context, r remote.Remoting) error {
			_, err := r.RemoteAskGrain(ctx, host, port, grain, hello, time.Second)
			return err
		}},
		{name: "ask a grain of an unknown kind", run: func(ctx context.Context, r remote.Remoting) error {
			_, err := r.RemoteAskGrain(ctx, host, port, unknown, hello, time.Second)
			return err
		}},
	}
}

// replay sends requests to a GoAkt node and returns what it answers.
func replay(port int, requests [][]byte) ([][]byte, error) {
	system, err := startSystem("gopher", port, "none", nil)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	defer func() { _ = system.Stop(ctx) }()
	if _, err := system.Spawn(ctx, "a", new(Echo)); err != nil {
		return nil, err
	}
	conn, err := net.Dial("tcp4", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var responses [][]byte
	for _, request := range requests {
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		response, err := readFrame(conn)
		if err != nil {
			return nil, err
		}
		responses = append(responses, response)
	}
	return responses, nil
}

func readFrame(conn net.Conn) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(conn, head); err != nil {
		return nil, err
	}
	frame := make([]byte, binary.BigEndian.Uint32(head))
	copy(frame, head)
	_, err := io.ReadFull(conn, frame[4:])
	return frame, err
}

func frameParts(frame []byte) (name string, body []byte) {
	length := int(binary.BigEndian.Uint32(frame[4:]))
	start, metadata := 8, 0
	if len(frame) >= 12 && frame[8] == 0 {
		start, metadata = 12, int(binary.BigEndian.Uint32(frame[8:]))
	}
	return string(frame[start : start+length]), frame[start+length+metadata:]
}

func frameName(frame []byte) string {
	name, _ := frameParts(frame)
	return name
}

func newMessage(name string) (proto.Message, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
	if err != nil {
		return nil, err
	}
	return kind.New().Interface(), nil
}

// build makes a plain frame of a message that is given as JSON.
func build(name, text string) ([]byte, error) {
	message, err := newMessage(name)
	if err != nil {
		return nil, err
	}
	if err := protojson.Unmarshal([]byte(text), message); err != nil {
		return nil, err
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		return nil, err
	}
	frame := binary.BigEndian.AppendUint32(nil, uint32(8+len(name)+len(body)))
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(name)))
	return append(append(frame, name...), body...), nil
}

func describe(name, origin string, frame []byte) (sample, error) {
	kind, body := frameParts(frame)
	message, err := newMessage(kind)
	if err != nil {
		return sample{}, err
	}
	if err := proto.Unmarshal(body, message); err != nil {
		return sample{}, err
	}
	text, err := protojson.Marshal(message)
	if err != nil {
		return sample{}, err
	}
	return sample{Name: name, Origin: origin, Message: kind, JSON: text, Hex: hex.EncodeToString(frame)}, nil
}
