package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/terminal"
	"realtimelab/internal/xray"
)

// narrationPace is the time between two reports of a narrator, so that a screen reader has read one
// before the next.
const narrationPace = 3 * time.Second

// narrator says in sentences what happens in a demo: who comes and goes, and the last message.
type narrator struct {
	out     io.Writer
	name    string // of the demo; empty for a single one
	lang    lang.Lang
	clients func() int

	connected int // as was said last
}

// run says what happens until ctx ends. Without an x-ray it says who comes and goes.
func (n *narrator) run(ctx context.Context, x *xray.Xray) {
	var rows *xray.Watcher
	if x != nil {
		rows = x.WatchNew()
		defer rows.Close()
	}
	next := time.NewTicker(narrationPace)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			var seen []*xray.Row
			if rows != nil {
				seen = unread(rows)
			}
			n.say(n.clients(), seen)
		}
	}
}

// narrationReads bounds the batches of rows that are read for one report.
const narrationReads = 100

// unread reads the rows since the report before.
func unread(rows *xray.Watcher) (all []*xray.Row) {
	batch := make([]*xray.Row, 200)
	for range narrationReads {
		got := rows.Read(batch)
		if got == 0 {
			break
		}
		all = append(all, batch[:got]...)
	}
	return all
}

// say reports the clients, if their number has changed, and the last message.
func (n *narrator) say(clients int, seen []*xray.Row) {
	var all []string
	if came := clients - n.connected; came != 0 {
		all = append(all, n.arrivals(came, clients))
	}
	n.connected = clients
	if messages := messagesOf(seen); len(messages) > 0 {
		all = append(all, n.message(messages))
	}
	for _, sentence := range all {
		if n.name != "" {
			sentence = n.name + n.lang.Say(": ", "：") + sentence
		}
		fmt.Fprintln(n.out, sentence)
	}
}

func (n *narrator) arrivals(came, clients int) string {
	if came > 0 {
		return fmt.Sprintf(n.lang.Say("%s joined. Connected now: %d.",
			"有 %d 个客户端加入。现在共连接 %d 个。"), lang.Counted(came, "client"), clients)
	}
	return fmt.Sprintf(n.lang.Say("%s left. Connected now: %d.",
		"有 %d 个客户端离开。现在共连接 %d 个。"), lang.Counted(-came, "client"), clients)
}

// message tells the last of several messages, and how many were before it.
func (n *narrator) message(all []*xray.Row) string {
	text := terminal.Clean(all[len(all)-1].Summary.In(n.lang))
	if before := len(all) - 1; before > 0 {
		return fmt.Sprintf(n.lang.Say("%s. The last one: %s", "%d 条消息。最后一条：%s"),
			lang.Counted(len(all), "message"), text)
	}
	return fmt.Sprintf(n.lang.Say("A message: %s", "一条消息：%s"), text)
}

// tellingLayers are those whose rows a person would call a message, the most telling ones first.
var tellingLayers = []xray.Layer{xray.Event, xray.SSE, xray.Line, xray.Message, xray.WS, xray.HTTP}

// messagesOf returns the rows of the most telling layer that has messages. It skips heartbeats, and
// frames that carry a message of a higher layer.
func messagesOf(seen []*xray.Row) (messages []*xray.Row) {
	carries := map[uint64]bool{}
	for _, row := range seen {
		carries[row.Parent] = true
	}
	for _, layer := range tellingLayers {
		for _, row := range seen {
			if row.Layer == layer && row.Kind == "" &&
				(layer == xray.HTTP && posts(row) || layer != xray.HTTP && !carries[row.ID]) {
				messages = append(messages, row)
			}
		}
		if len(messages) > 0 {
			return messages
		}
	}
	return nil
}

// posts reports whether a row is a request that sends a message. Those of Engine.IO's polling carry
// packets, which have rows of their own.
func posts(row *xray.Row) bool {
	return strings.HasPrefix(row.Summary.EN, "POST ") &&
		!slices.ContainsFunc([]string{"EIO=", "/lab/"}, func(part string) bool {
			return strings.Contains(row.Summary.EN, part)
		})
}
