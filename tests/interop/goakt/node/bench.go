package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tochemey/goakt/v3/address"
	"github.com/tochemey/goakt/v3/remote"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	benchWidth   = 64
	askWarmup    = 600 * time.Millisecond
	askDuration  = 700 * time.Millisecond
	tellWarmup   = 200 * time.Millisecond
	tellDuration = 300 * time.Millisecond
	benchTimeout = 250 * time.Millisecond
)

// runBench measures GoAkt's own client against the actor "sum" of a node: messages or answers in a second, of
// as many goroutines as asks are under way in ours. Its requests fail now and then (EOF, or no answer in time):
// such a request does not count, and one in a hundred is too many.
func runBench(system string, port int, compression, work string) error {
	remoting := remote.NewRemoting(remote.WithRemotingCompression(compressions[compression]))
	defer remoting.Close()
	to := address.New("sum", system, host, port)
	ctx := context.Background()
	one := wrapperspb.Int64(1)
	warmup, duration := tellWarmup, tellDuration
	send := func() error { return remoting.RemoteTell(ctx, address.NoSender(), to, one) }
	if work == "ask" {
		warmup, duration = askWarmup, askDuration
		send = func() error {
			_, err := remoting.RemoteAsk(ctx, address.NoSender(), to, one, benchTimeout)
			return err
		}
	}
	var done, failed atomic.Int64
	round := func(duration time.Duration) (float64, error) {
		begin := time.Now()
		before := done.Load()
		var over atomic.Bool
		var group sync.WaitGroup
		for range benchWidth {
			group.Add(1)
			go func() {
				defer group.Done()
				for !over.Load() {
					if err := send(); err != nil {
						failed.Add(1)
					} else {
						done.Add(1)
					}
				}
			}()
		}
		time.Sleep(duration)
		rate := float64(done.Load()-before) / time.Since(begin).Seconds()
		over.Store(true)
		group.Wait()
		if failed.Load()*100 > done.Load() {
			return 0, fmt.Errorf("cannot measure: %d of %d requests failed", failed.Load(), done.Load())
		}
		return rate, nil
	}
	if _, err := round(warmup); err != nil {
		return err
	}
	rate, err := round(duration)
	if err != nil {
		return err
	}
	reply, err := remoting.RemoteAsk(ctx, address.NoSender(), to, wrapperspb.Int64(0), 5*time.Second)
	if err != nil {
		return err
	}
	total := new(wrapperspb.Int64Value)
	if err := reply.UnmarshalTo(total); err != nil {
		return err
	}
	if lost := done.Load() - total.GetValue(); lost > failed.Load() {
		return fmt.Errorf("cannot count: %d of %d were not processed", lost, done.Load())
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{"value": rate})
}
