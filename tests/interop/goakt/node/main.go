// Command node is a GoAkt node that a test steers: one JSON command on each line of the standard input, one
// JSON answer on each line of the standard output. With "samples" it prints frames as GoAkt writes them.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	port := flag.Int("port", 0, "the port of the node")
	compression := flag.String("compression", "none", "none, zstd, gzip or brotli")
	system := flag.String("system", "gopher", "the name of the actor system")
	flag.Parse()
	var err error
	switch flag.Arg(0) {
	case "samples":
		err = printSamples(*port)
	case "node":
		err = runNode(*system, *port, *compression)
	default:
		err = fmt.Errorf("cannot run %q: \"node\" or \"samples\" was expected", flag.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
