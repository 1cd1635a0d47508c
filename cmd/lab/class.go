package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/class"
	"realtimelab/internal/httpserver"
	"realtimelab/lessons"
	"realtimelab/web"
)

// saveEvery is the interval between saves of a board with --keep.
const saveEvery = 5 * time.Second

func classCommand() *cobra.Command {
	o := runOptions{lan: true}
	var keep string
	c := &cobra.Command{
		Use:   "class",
		Short: "Class board: every student's progress in the exercises, live, on the local network only",
		Long: `Shows who is where in the exercises, live, in this room only. Students join with the code that
this command and your own page show. To remove a student, type: remove NAME (or: remove x*)`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.addrByHand = c.Flags().Changed("addr")
			o.stdout, o.log = c.OutOrStdout(), c.ErrOrStderr()
			return serveClass(c.Context(), o, keep, c.InOrStdin())
		},
	}
	c.Flags().StringVar(&o.addr, "addr", "127.0.0.1:3333", "address to listen on; without it, all addresses of this machine, on port 3333 or the next free one")
	c.Flags().Lookup("addr").DefValue = "" // the port alone is taken from it
	c.Flags().BoolVar(&o.open, "open", false, "open the board in the browser")
	addAllowHost(c, &o.allowHosts)
	c.Flags().StringVar(&keep, "keep", "", "save the board in this file; without it, the board is lost when you stop")
	return c
}

func serveClass(ctx context.Context, o runOptions, keep string, commands io.Reader) (err error) {
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
	addr := listener.Addr().(*net.TCPAddr)
	site := &class.Site{Board: board, Shared: part("shared", web.Pages), Page: part("class", web.Class), URL: roomURL(addr), Key: rand.Text()}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	logs := newSpool(o.log)
	defer logs.close()
	server := httpserver.New(httpserver.Config{
		Handler:     site.Handler(),
		Hosts:       httpserver.NewHosts(listener.Addr(), hosts(o.addr, o.allowHosts)...),
		Log:         newLog(logs),
		BaseContext: func(net.Listener) context.Context { return ctx }, // ending it ends the viewers' streams
	})
	served := make(chan error, 1)
	go func() { served <- server.Serve(server.Track(listener)) }()
	o.notePort("", 0, addr)
	fmt.Fprintf(o.stdout, "class\t%s\n", site.URL)
	if addr.IP.IsUnspecified() {
		printClassroom(o.log, addr.Port, !o.accessible)
	}
	page := site.URL + "/#key=" + site.Key
	fmt.Fprintf(o.log, "Students join with: lab exercise watch --class %s --code %s --name NAME\n", site.URL, board.Code())
	fmt.Fprintf(o.log, "Teacher's page, with the code and buttons to remove names: %s\n", page)
	fmt.Fprintln(o.log, "To remove a name, type: remove NAME")
	if o.open {
		openOrPrint(o.log, page)
	}
	go obey(commands, board, o.log) // ends with its input, or with this program
	keepBoard(ctx, board, keep, served, o)
	cancel()
	shutdown, done := context.WithTimeout(context.Background(), closeTime)
	defer done()
	err = server.Close(shutdown)
	if keep != "" {
		err = errors.Join(err, board.Save(keep))
	}
	return err
}

// obey executes the teacher's commands, one per line.
func obey(commands io.Reader, board *class.Board, out io.Writer) {
	allowBackground()
	for lines := bufio.NewScanner(commands); lines.Scan(); {
		command, name, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		switch {
		case command == "":
		case command != "remove" || name == "":
			fmt.Fprintln(out, "lab: the only command is: remove NAME")
		default:
			removed := board.Remove(name)
			if len(removed) == 0 {
				fmt.Fprintf(out, "lab: the board has no name %q\n", name)
			}
			for _, name := range removed {
				fmt.Fprintln(out, "removed:", name) // safe to print, like all names on the board
			}
		}
	}
}

// keepBoard saves the board periodically, if it is to be kept, until the end.
func keepBoard(ctx context.Context, board *class.Board, keep string, served <-chan error, o runOptions) {
	keeper := keeper{board: board, path: keep, log: o.log}
	_, keeper.changed = board.Snapshot()
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case err := <-served:
			fmt.Fprintln(o.log, "lab:", err)
			return
		case <-tick.C:
			keeper.save()
		}
	}
}

// keeper writes a changed board to its file. It retries a failed save at the next interval.
type keeper struct {
	board   *class.Board
	path    string // empty: do not save
	log     io.Writer
	changed <-chan struct{}
	failing bool
}

func (k *keeper) save() {
	if k.path == "" {
		return
	}
	select {
	case <-k.changed:
	default:
		if !k.failing {
			return
		}
	}
	_, k.changed = k.board.Snapshot()
	err := k.board.Save(k.path)
	switch {
	case err != nil && !k.failing:
		fmt.Fprintf(k.log, "lab: cannot keep the board (trying again every %s): %v\n", saveEvery, err)
	case err == nil && k.failing:
		fmt.Fprintln(k.log, "lab: the board is kept again, in", k.path)
	}
	k.failing = err != nil
}

// part returns a folder of the embedded files.
func part(name string, all fs.FS) fs.FS {
	sub, err := fs.Sub(all, name)
	if err != nil {
		panic(err) // only for an invalid path
	}
	return sub
}

// roomURL returns the URL that other computers in the room can open: an address of the local
// network, or this machine's own if there is none.
func roomURL(addr *net.TCPAddr) string {
	if !addr.IP.IsUnspecified() {
		return "http://" + addr.String()
	}
	if urls := classroom(addr.Port); len(urls) > 0 {
		return urls[0]
	}
	return fmt.Sprintf("http://127.0.0.1:%d", addr.Port)
}
