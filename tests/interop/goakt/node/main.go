// Command node is a GoAkt node that a test steers: one JSON command on each line of the standard input, one
// JSON answer on each line of the standard output. With "samples" it prints frames as GoAkt writes them, with
// "bench" it measures GoAkt's own client.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/tochemey/goakt/v3/tls"
)

func main() {
	port := flag.Int("port", 0, "the port of the node")
	compression := flag.String("compression", "none", "none, zstd, gzip or brotli")
	system := flag.String("system", "gopher", "the name of the actor system")
	work := flag.String("work", "tell", "what \"bench\" measures: tell or ask")
	cert := flag.String("cert", "", "the file of the certificate; none for clear text")
	key := flag.String("key", "", "the file of its key")
	authority := flag.String("ca", "", "the file of the authority")
	flag.Parse()
	var err error
	switch flag.Arg(0) {
	case "samples":
		err = printSamples(*port)
	case "node":
		var info *tls.Info
		if info, err = readTLS(*cert, *key, *authority); err == nil {
			err = runNode(*system, *port, *compression, info)
		}
	case "version":
		fmt.Println("GoAkt v3.14.0")
	case "bench":
		err = runBench(*system, *port, *compression, *work)
	default:
		err = fmt.Errorf("cannot run %q: \"node\", \"samples\" or \"bench\" was expected", flag.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
