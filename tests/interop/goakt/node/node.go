package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/tochemey/goakt/v3/actor"
	"github.com/tochemey/goakt/v3/address"
	"github.com/tochemey/goakt/v3/log"
	"github.com/tochemey/goakt/v3/remote"
	"github.com/tochemey/goakt/v3/tls"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const host = "127.0.0.1"

// patience is for a thousand connections at once where the cores are few.
const patience = 30 * time.Second

var compressions = map[string]remote.Compression{
	"none":   remote.NoCompression,
	"zstd":   remote.ZstdCompression,
	"gzip":   remote.GzipCompression,
	"brotli": remote.BrotliCompression,
}

// command is what the test wants.
type command struct {
	ID      int      `json:"id"`
	Op      string   `json:"op"`
	System  string   `json:"system"`
	Port    int      `json:"port"`
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	From    string   `json:"from"`
	Texts   []string `json:"texts"`
	Timeout int      `json:"timeout"`
	Count   int      `json:"count"`
}

// answer is what came of it.
type answer struct {
	ID      int      `json:"id"`
	Error   string   `json:"error,omitempty"`
	Texts   []string `json:"texts,omitempty"`
	Address string   `json:"address,omitempty"`
	Count   int      `json:"count,omitempty"`
}

type node struct {
	system   actor.ActorSystem
	remoting remote.Remoting
	options  []remote.RemotingOption
	out      sync.Mutex
}

func startSystem(name string, port int, compression string, info *tls.Info) (actor.ActorSystem, error) {
	algorithm, ok := compressions[compression]
	if !ok {
		return nil, fmt.Errorf("cannot compress with %q", compression)
	}
	options := []actor.Option{
		actor.WithLogger(log.DiscardLogger),
		actor.WithRemote(remote.NewConfig(host, port, remote.WithCompression(algorithm))),
	}
	if info != nil {
		options = append(options, actor.WithTLS(info))
	}
	system, err := actor.NewActorSystem(name, options...)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if err := system.Start(ctx); err != nil {
		return nil, err
	}
	if err := system.Register(ctx, new(Echo)); err != nil {
		return nil, err
	}
	if err := system.RegisterGrainKind(ctx, new(Account)); err != nil {
		return nil, err
	}
	return system, nil
}

func runNode(name string, port int, compression string, info *tls.Info) error {
	system, err := startSystem(name, port, compression, info)
	if err != nil {
		return err
	}
	options := []remote.RemotingOption{
		remote.WithRemotingCompression(compressions[compression]),
		remote.WithRemotingDialTimeout(patience),
	}
	if info != nil {
		options = append(options, remote.WithRemotingTLS(info.ClientConfig))
	}
	n := &node{system: system, remoting: remote.NewRemoting(options...), options: options}
	n.write(answer{Address: fmt.Sprintf("%s@%s:%d", name, host, port)})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return err
		}
		go n.carryOut(c)
	}
	n.remoting.Close()
	return system.Stop(context.Background())
}

func (n *node) carryOut(c command) {
	result, err := n.run(c)
	result.ID = c.ID
	if err != nil {
		result.Error = err.Error()
	}
	n.write(result)
}

func (n *node) write(a answer) {
	n.out.Lock()
	defer n.out.Unlock()
	line, _ := json.Marshal(a)
	os.Stdout.Write(append(line, '\n'))
}

func (n *node) run(c command) (answer, error) {
	timeout := time.Duration(c.Timeout) * time.Millisecond
	if c.Timeout == 0 {
		timeout = 5 * time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout+5*time.Second)
	defer cancel()
	to := address.New(c.Name, c.System, host, c.Port)
	from := address.NoSender()
	if c.From != "" {
		from = address.New(c.From, n.system.Name(), host, n.system.Port())
	}
	messages := make([]proto.Message, len(c.Texts))
	for i, text := range c.Texts {
		messages[i] = wrapperspb.String(text)
	}
	switch c.Op {
	case "tell":
		return answer{}, n.remoting.RemoteTell(ctx, from, to, messages[0])
	case "tellAll":
		return answer{}, n.remoting.RemoteBatchTell(ctx, from, to, messages)
	case "ask":
		reply, err := n.remoting.RemoteAsk(ctx, from, to, messages[0], timeout)
		return texts(reply)(err)
	case "askAll":
		replies, err := n.remoting.RemoteBatchAsk(ctx, from, to, messages, timeout)
		return texts(replies...)(err)
	case "asks":
		return n.askAtOnce(ctx, from, to, c.Count, timeout)
	case "lookup":
		found, err := n.remoting.RemoteLookup(ctx, host, c.Port, c.Name)
		if err != nil {
			return answer{}, err
		}
		return answer{Address: found.String()}, nil
	case "spawn":
		request := &remote.SpawnRequest{Name: c.Name, Kind: c.Kind}
		return answer{}, n.remoting.RemoteSpawn(ctx, host, c.Port, request)
	case "respawn":
		return answer{}, n.remoting.RemoteReSpawn(ctx, host, c.Port, c.Name)
	case "stop":
		return answer{}, n.remoting.RemoteStop(ctx, host, c.Port, c.Name)
	case "reinstate":
		return answer{}, n.remoting.RemoteReinstate(ctx, host, c.Port, c.Name)
	case "tellGrain":
		request := &remote.GrainRequest{Name: c.Name, Kind: c.Kind}
		return answer{}, n.remoting.RemoteTellGrain(ctx, host, c.Port, request, messages[0])
	case "askGrain":
		request := &remote.GrainRequest{Name: c.Name, Kind: c.Kind}
		reply, err := n.remoting.RemoteAskGrain(ctx, host, c.Port, request, messages[0], timeout)
		return texts(reply)(err)
	case "activateGrain":
		request := &remote.GrainRequest{Name: c.Name, Kind: c.Kind}
		return answer{}, n.remoting.RemoteActivateGrain(ctx, host, c.Port, request)
	case "useClient":
		return n.useClient(ctx, c)
	case "spawnHere":
		_, err := n.system.Spawn(ctx, c.Name, &Echo{keeps: true}, actor.WithLongLived(), actor.WithStashing())
		return answer{}, err
	case "awaitSuspended":
		return answer{}, n.await(ctx, c.Name, func(pid *actor.PID) bool { return pid != nil && pid.IsSuspended() })
	case "awaitRunning":
		return answer{}, n.await(ctx, c.Name, func(pid *actor.PID) bool { return pid != nil && pid.IsRunning() })
	case "awaitGone":
		return answer{}, n.await(ctx, c.Name, func(pid *actor.PID) bool { return pid == nil })
	case "seen":
		seenLock.Lock()
		defer seenLock.Unlock()
		return answer{Texts: append([]string{}, seen[c.Name]...)}, nil
	case "senders":
		seenLock.Lock()
		defer seenLock.Unlock()
		return answer{Texts: append([]string{}, senders[c.Name]...)}, nil
	}
	return answer{}, fmt.Errorf("cannot carry out %q", c.Op)
}

// await waits for what GoAkt does after it has answered: it suspends, restarts and removes in the background.
func (n *node) await(ctx context.Context, name string, is func(*actor.PID) bool) error {
	for ctx.Err() == nil {
		pid, err := n.system.LocalActor(name)
		if err != nil {
			pid = nil
		}
		if is(pid) {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return ctx.Err()
}

// askAtOnce asks count times in as many goroutines and counts the right replies.
func (n *node) askAtOnce(ctx context.Context, from, to *address.Address, count int, timeout time.Duration) (answer, error) {
	var group sync.WaitGroup
	errs := make([]error, count)
	for i := range count {
		group.Add(1)
		go func() {
			defer group.Done()
			text := fmt.Sprintf("%d", i)
			reply, err := n.remoting.RemoteAsk(ctx, from, to, wrapperspb.String(text), timeout)
			if err != nil {
				errs[i] = err
				return
			}
			value := new(wrapperspb.StringValue)
			if err := reply.UnmarshalTo(value); err != nil {
				errs[i] = err
			} else if value.GetValue() != text {
				errs[i] = fmt.Errorf("asked %q, got %q", text, value.GetValue())
			}
		}()
	}
	group.Wait()
	right := 0
	for _, err := range errs {
		if err == nil {
			right++
		}
	}
	return answer{Count: right}, errors.Join(errs...)
}

// texts are the strings in replies.
func texts(replies ...*anypb.Any) func(error) (answer, error) {
	return func(err error) (answer, error) {
		var result answer
		if err != nil {
			return result, err
		}
		for _, reply := range replies {
			value := new(wrapperspb.StringValue)
			if err := reply.UnmarshalTo(value); err != nil {
				result.Texts = append(result.Texts, reply.GetTypeUrl())
			} else {
				result.Texts = append(result.Texts, value.GetValue())
			}
		}
		return result, nil
	}
}
