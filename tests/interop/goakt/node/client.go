package main

import (
	"context"
	"fmt"

	"github.com/tochemey/goakt/v3/client"
	"github.com/tochemey/goakt/v3/remote"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// useClient goes through GoAkt's package client, which programs outside of a cluster use, against a node of ours.
// The answer holds the kinds of that node, the address of an actor of one of them and what that says, and how many
// actors live there in the end.
func (n *node) useClient(ctx context.Context, c command) (answer, error) {
	cl, _, err := n.newClient(ctx, c.Port)
	if err != nil {
		return answer{}, err
	}
	defer cl.Close()
	kinds, err := cl.Kinds(ctx)
	if err != nil {
		return answer{}, err
	}
	if err := cl.Spawn(ctx, &remote.SpawnRequest{Name: c.Name, Kind: c.Kind}); err != nil {
		return answer{}, err
	}
	found, err := cl.Whereis(ctx, c.Name)
	if err != nil {
		return answer{}, err
	}
	reply, err := cl.Ask(ctx, c.Name, wrapperspb.String("hello"), patience)
	if err != nil {
		return answer{}, err
	}
	said, ok := reply.(*wrapperspb.StringValue)
	if !ok {
		return answer{}, fmt.Errorf("the reply is %T", reply)
	}
	// A client asks for the load when it is made.
	later, far, err := n.newClient(ctx, c.Port)
	if err != nil {
		return answer{}, err
	}
	defer later.Close()
	return answer{Texts: append(kinds, found.String(), said.GetValue()), Count: int(far.Weight())}, nil
}

// newClient makes a client of one node.
func (n *node) newClient(ctx context.Context, port int) (*client.Client, *client.Node, error) {
	remoting := remote.NewRemoting(n.options...)
	far := client.NewNode(fmt.Sprintf("%s:%d", host, port), client.WithRemoting(remoting))
	cl, err := client.New(ctx, []*client.Node{far})
	return cl, far, err
}
