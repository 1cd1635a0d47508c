package capture

import (
	"fmt"
	"slices"

	"realtimelab/internal/lang"
)

// A Content counts what a traffic file holds, in the units of its format.
type Content struct {
	format   Format
	rows     int      // of JSON lines
	requests int      // of an archive
	messages int      // of an archive's WebSockets
	conns    []uint64 // of a pcapng, in their order
}

// Empty reports whether the file holds no traffic.
func (c Content) Empty() bool { return c.rows+c.requests+len(c.conns) == 0 }

// In returns a sentence in the given language about the file at path: what it holds, and what its
// format cannot hold.
func (c Content) In(path string) lang.Text {
	switch c.format {
	case HAR:
		return lang.Text{
			EN: fmt.Sprintf(
				"saved %s and %s of WebSockets in %s, without what HAR cannot hold: "+
					"TCP, TLS, control frames and Redis",
				counted(c.requests, "request"), counted(c.messages, "message"), path),
			ZH: fmt.Sprintf(
				"已把 %d 个请求和 %d 条 WebSocket 消息保存到 %s，不含 HAR "+
					"存不下的 TCP、TLS、控制帧和 Redis", c.requests, c.messages, path),
		}
	case JSONL:
		return lang.Text{EN: fmt.Sprintf("saved %s in %s", counted(c.rows, "row"), path),
			ZH: fmt.Sprintf("已把 %d 行保存到 %s", c.rows, path)}
	}
	says := lang.Text{
		EN: fmt.Sprintf("saved %s in %s", counted(len(c.conns), "whole connection"), path),
		ZH: fmt.Sprintf("已把 %d 个完整的连接保存到 %s", len(c.conns), path),
	}
	if i := slices.IndexFunc(c.conns, c.renumbered); i >= 0 {
		says.EN += fmt.Sprintf("; when opened, it numbers them from 1: #%d becomes #%d",
			c.conns[i], i+1)
		says.ZH += fmt.Sprintf("；打开时重新从 1 编号，#%d 变为 #%d", c.conns[i], i+1)
	}
	return says
}

// renumbered reports whether a connection gets another number when the pcapng is opened.
func (c Content) renumbered(conn uint64) bool {
	return conn != uint64(slices.Index(c.conns, conn)+1)
}

// counted returns a number with its noun.
func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
