// Command make builds the lab for all systems: run it in the module's folder with `make dist`.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"realtimelab/internal/dist"
)

func main() {
	to := flag.String("o", "dist", "folder for the binaries and their checksums")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := dist.Build(ctx, ".", *to, dist.Targets); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
	fmt.Println(*to)
}
