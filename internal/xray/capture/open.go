// Package capture opens files of traffic as an x-ray, and saves an x-ray to a file: the x-ray's own
// JSON lines, captures for Wireshark (pcap and pcapng), and archives of browsers' developer tools
// (HAR).
package capture

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/har"
	"realtimelab/internal/xray/pcapng"
)

// A Capture is a file that was opened.
type Capture struct {
	Xray   *xray.Xray
	Format Format

	// Notes says what was left out and what cannot be read.
	Notes []lang.Text

	// Damage says where the file is broken, and why. It is nil if the whole file could be read.
	Damage error
}

// Limits of the data in memory. Beyond them, the oldest data is dropped.
const (
	maxRows    = 400_000
	maxRowData = 128 << 20 // bytes
	maxWire    = 64 << 20  // bytes
	maxEvents  = 1 << 18
	maxGzip    = 2 << 30 // bytes after decompression
)

// Held returns limits for the tap and the x-ray of traffic that is to be saved.
func Held() (tap.Config, xray.Config) {
	return tap.Config{MaxBytes: maxWire, MaxEvents: maxEvents},
		xray.Config{MaxRows: maxRows, MaxBytes: maxRowData}
}

// A Config says how a capture is opened. The zero value keeps the rows in memory.
type Config struct {
	// Each, if not nil, is called with the next rows, in order, while the file is read.
	Each func([]*xray.Row) error

	// Stream keeps no more in memory than Each needs.
	Stream bool
}

// Open reads a capture. The error says why nothing could be read. Call Close on the Xray when done.
func Open(r io.Reader, c Config) (*Capture, error) {
	in, err := plainReader(r)
	if err != nil {
		return nil, err
	}
	format, err := formatOf(in)
	if err != nil {
		return nil, err
	}
	o := opening{Config: c, capture: &Capture{Format: format}, encrypted: map[uint64]bool{}}
	if err := o.read(in); err != nil {
		o.capture.Xray.Close()
		return nil, err
	}
	o.rows.Close()
	return o.capture, nil
}

// plainReader returns what a file holds, decompressed if it is gzip.
func plainReader(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, _ := in.Peek(2)
	if !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return in, nil
	}
	inflated, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return bufio.NewReaderSize(io.LimitReader(inflated, maxGzip), 64<<10), nil
}

// formatOf tells a file's format by its beginning.
func formatOf(in *bufio.Reader) (Format, error) {
	head, err := in.Peek(4096)
	if len(head) == 0 {
		if err == nil || errors.Is(err, io.EOF) {
			return "", errors.New("the file is empty")
		}
		return "", err
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	object, isObject := bytes.CutPrefix(text, []byte("{"))
	switch {
	case pcapng.Is(head):
		return Pcapng, nil
	case isObject && bytes.HasPrefix(bytes.TrimLeft(object, " \t\r\n"), []byte(`"log"`)):
		return HAR, nil
	case isObject:
		return JSONL, nil
	}
	return "", fmt.Errorf(
		"not a capture: want pcap, pcapng, HAR, or JSON lines of the x-ray, and it begins with %q",
		head[:min(len(head), 16)])
}

// opening is a capture that is being read.
type opening struct {
	Config
	capture   *Capture
	rows      *xray.Watcher
	made      uint64          // rows so far
	encrypted map[uint64]bool // connections with TLS
}

func (o *opening) read(in *bufio.Reader) error {
	wireLimits, limits := Held()
	if o.Stream {
		wireLimits, limits = tap.Config{}, xray.Config{}
	}
	wire := tap.New(wireLimits)
	var err error
	begin := func(x *xray.Xray) { o.capture.Xray, o.rows = x, x.Watch() }
	switch o.capture.Format {
	case JSONL:
		x, restorer := xray.Restore(wire, limits)
		begin(x)
		err = readRows(in, restorer, o.pace)
	case HAR:
		limits.Rebuilt = true
		begin(xray.New(wire, limits))
		o.note("An archive holds messages, not bytes: the bytes shown were rebuilt, as HTTP/1.1 "+
			"and as frames with the masking key 0.",
			"HAR 存档只有消息，没有字节：显示的字节是按 HTTP/1.1 和掩码键为 0 的帧重建的。")
		err = har.Read(in, wire, o.pace)
	default:
		begin(xray.New(wire, limits))
		var left pcapng.Left
		left, err = pcapng.Read(in, wire, o.pace)
		o.noteLeft(left)
	}
	if err2 := o.pace(); err2 != nil {
		return err2
	}
	var damage *xray.FileError
	if err != nil && (!errors.As(err, &damage) || o.made == 0) {
		return err
	}
	o.capture.Damage = err
	o.noteRows()
	return nil
}

// pace lets the x-ray read what was replayed so far.
func (o *opening) pace() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := o.capture.Xray.Sync(ctx); err != nil {
		return err
	}
	batch := make([]*xray.Row, 1000)
	for n := o.rows.Read(batch); n > 0; n = o.rows.Read(batch) {
		o.made += uint64(n)
		for _, r := range batch[:n] {
			if r.Layer == xray.TLS {
				o.encrypted[r.Conn] = true
			}
		}
		if o.Each != nil {
			if err := o.Each(batch[:n]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *opening) note(en, zh string, args ...any) {
	if len(args) > 0 {
		en, zh = fmt.Sprintf(en, args...), fmt.Sprintf(zh, args...)
	}
	o.capture.Notes = append(o.capture.Notes, lang.Text{EN: en, ZH: zh})
}

// noteLeft adds notes about the packets that were left out.
func (o *opening) noteLeft(left pcapng.Left) {
	if n := left.Truncated; n > 0 {
		o.note("Cut short in the capture, with their ends missing: %s. Capture whole "+
			"packets, with dumpcap -s 0.",
			"抓包里有 %d 个数据包被截短，末尾缺失。请完整抓取：dumpcap -s 0。",
			lang.Counted(n, "packet"))
	}
	if n := left.Links; n > 0 {
		o.note("Unsupported link layer: %d of %s. The x-ray reads Ethernet, "+
			"loopback, Linux cooked and raw IP.",
			"%[2]d 个数据包中有 %[1]d 个的链路层不支持：支持以太网、回环、Linux cooked 和裸 IP。",
			n, lang.Counted(left.Packets, "packet"))
	}
	if n := left.Fragments; n > 0 {
		o.note("Left out: %s.", "略过了 %d 个 IP 分片。",
			lang.Counted(n, "IP fragment"))
	}
	if n := left.Connections; n > 0 {
		o.note("Left out: %s. Too many connections are open at the same time.",
			"略过了 %d 个数据包：同时打开的连接太多。", lang.Counted(n, "packet"))
	}
	if left.Packets > 0 && left.Other == left.Packets {
		o.note("No TCP in %s.", "%d 个数据包都不是 TCP。",
			lang.Counted(left.Packets, "packet"))
	}
}

// noteRows adds notes about rows that are not kept, and about traffic that cannot be read.
func (o *opening) noteRows() {
	if n := len(o.encrypted); n > 0 {
		o.note("Encrypted with TLS: %s. Only TLS records can be read there.",
			"有 %d 个连接用 TLS 加密：只能读到它们的记录。", lang.Counted(n, "connection"))
	}
	if gone := o.made - uint64(len(o.capture.Xray.Held())); gone > 0 && !o.Stream {
		o.note("No longer in memory: %s from the start.", "最早的 %d 行已不在内存中。",
			lang.Counted(gone, "row"))
	}
}
