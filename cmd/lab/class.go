package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/class"
	"realtimelab/lessons"
	"realtimelab/web"
)

// saveEvery is how often a board that is kept is written.
const saveEvery = 5 * time.Second

func classCommand() *cobra.Command {
	o := runOptions{lan: true}
	var keep string
	c := &cobra.Command{
		Use:   "class",
		Short: "The board of a class: who is where in the exercises, live, in this room only",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.addrByHand = c.Flags().Changed("addr")
			o.stdout, o.log = c.OutOrStdout(), c.ErrOrStderr()
			return serveClass(c.Context(), o, keep)
		},
	}
	c.Flags().StringVar(&o.addr, "addr", "127.0.0.1:3333", "listen here; by default on all addresses of this machine, at this or the next free port")
	c.Flags().BoolVar(&o.open, "open", false, "open the board in the browser")
	c.Flags().StringVar(&keep, "keep", "", "keep the board in this file; without it everything is forgotten at the end")
	return c
}

func serveClass(ctx context.Context, o runOptions, keep string) (err error) {
	all, err := exercise.Catalogue(lessons.All())
	if err != nil {
		return err
	}
	board := class.NewBoard(class.Columns(all))
	if keep != "" {
		if err := board.Load(keep); err != nil {
			return err
		}
		if err := board.Save(keep); err != nil {
			return fmt.Errorf("cannot keep the board: %w", err)
		}
	}
	listener, err := o.listen(0)
	if err != nil {
		return err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	site := &class.Site{Board: board, Shared: part("shared", web.Pages), Page: part("class", web.Class), URL: roomURL(listener.Addr().(*net.TCPAddr))}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{
		Handler:           site.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       20 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx }, // its end ends the viewers' streams
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(o.stdout, "class\t%s\n", site.URL)
	if listener.Addr().(*net.TCPAddr).IP.IsUnspecified() {
		printClassroom(o.log, port, !o.accessible)
	}
	fmt.Fprintf(o.log, "Students join with: lab exercise watch --class %s --name NAME\n", site.URL)
	if o.open {
		if err := openBrowser(site.URL); err != nil {
			fmt.Fprintln(o.log, "lab: cannot open a browser:", err)
		}
	}
	keepBoard(ctx, board, keep, served, o)
	cancel()
	shutdown, done := context.WithTimeout(context.Background(), closeTime)
	defer done()
	err = server.Shutdown(shutdown)
	if keep != "" {
		err = errors.Join(err, board.Save(keep))
	}
	return err
}

// keepBoard waits for the end, and writes the board now and then if it is to be kept.
func keepBoard(ctx context.Context, board *class.Board, keep string, served <-chan error, o runOptions) {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	_, changed := board.Snapshot()
	for {
		select {
		case <-ctx.Done():
			return
		case err := <-served:
			fmt.Fprintln(o.log, "lab:", err)
			return
		case <-tick.C:
		}
		select {
		case <-changed:
			_, changed = board.Snapshot()
			if keep == "" {
				continue
			}
			if err := board.Save(keep); err != nil {
				fmt.Fprintln(o.log, "lab: cannot keep the board:", err)
			}
		default:
		}
	}
}

// part is a folder of what is embedded.
func part(name string, all fs.FS) fs.FS {
	sub, err := fs.Sub(all, name)
	if err != nil {
		panic(err) // only for a name that is no path
	}
	return sub
}

// roomURL is the address that others in the room can open: the first of the local network, else this machine's own.
func roomURL(addr *net.TCPAddr) string {
	if !addr.IP.IsUnspecified() {
		return "http://" + addr.String()
	}
	if urls := classroom(addr.Port); len(urls) > 0 {
		return urls[0]
	}
	return fmt.Sprintf("http://127.0.0.1:%d", addr.Port)
}
