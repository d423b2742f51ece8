package main

import (
	"context"
	"errors"
	"sync"

	"github.com/tochemey/goakt/v3/actor"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Echo answers strings with themselves, and counts numbers.
type Echo struct {
	total int64
	// keeps is whether it can stash. GoAkt v3.14.0 loses a reply now and then: handleRemoteAsk marks the context of
	// an answered ask as closed when another ask may have it already. What is stashed goes to no other ask.
	keeps bool
}

// Account is a grain that does the same.
type Account struct{ Echo }

// seen is what each actor was told or asked, by its name.
var (
	seenLock sync.Mutex
	seen     = map[string][]string{}
	senders  = map[string][]string{}
)

func note(name, text, sender string) {
	seenLock.Lock()
	defer seenLock.Unlock()
	seen[name] = append(seen[name], text)
	senders[name] = append(senders[name], sender)
}

func (e *Echo) PreStart(*actor.Context) error {
	e.total = 0
	return nil
}

func (e *Echo) PostStop(*actor.Context) error { return nil }

func (e *Echo) Receive(ctx *actor.ReceiveContext) {
	switch message := ctx.Message().(type) {
	case *wrapperspb.StringValue:
		if e.keeps {
			ctx.Stash()
		}
		note(ctx.Self().Name(), message.GetValue(), ctx.RemoteSender().String())
		switch message.GetValue() {
		case "fail":
			ctx.Err(errors.New("it failed"))
		case "silent":
		default:
			ctx.Response(wrapperspb.String("go:" + message.GetValue()))
		}
	case *wrapperspb.Int64Value:
		e.total += message.GetValue()
		ctx.Response(wrapperspb.Int64(e.total))
	}
}

// Account is a grain.
func (a *Account) OnActivate(context.Context, *actor.GrainProps) error   { return nil }
func (a *Account) OnDeactivate(context.Context, *actor.GrainProps) error { return nil }

// OnReceive answers strings.
func (a *Account) OnReceive(ctx *actor.GrainContext) {
	switch message := ctx.Message().(type) {
	case *wrapperspb.StringValue:
		note(ctx.Self().String(), message.GetValue(), "")
		if message.GetValue() == "tell" {
			ctx.NoErr()
			return
		}
		ctx.Response(wrapperspb.String("grain:" + message.GetValue()))
	default:
		ctx.Unhandled()
	}
}
