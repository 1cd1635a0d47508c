package capture_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/capture"
)

// written returns the x-ray's rows as a file of that format.
func written(t *testing.T, f capture.Format, x *xray.Xray) []byte {
	var b bytes.Buffer
	_, err := capture.Write(&b, f, x.Tap(), x.Held(), nil, "http")
	require.NoError(t, err)
	return b.Bytes()
}

func opened(t *testing.T, file []byte) *capture.Capture {
	c, err := capture.Open(bytes.NewReader(file), capture.Config{})
	require.NoError(t, err)
	t.Cleanup(c.Xray.Close)
	require.NoError(t, c.Damage)
	return c
}

// told returns the lines of the rows for which want returns true.
func told(rows []*xray.Row, wanted func(*xray.Row) bool) (all []string) {
	for _, r := range rows {
		if wanted(r) {
			all = append(all, fmt.Sprintf("%s %s %s", r.Dir, r.Layer, r.Summary.EN))
		}
	}
	return all
}

// content lists the layers that every format keeps.
func content(r *xray.Row) bool {
	return r.Layer == xray.Event || r.Layer == xray.SIO || r.Layer == xray.EIO ||
		r.Layer == xray.SSE
}

func TestJSONLinesAreReadBack(t *testing.T) {
	x := live(t)
	file := written(t, capture.JSONL, x)
	back := opened(t, file)
	assert.Equal(t, capture.JSONL, back.Format)
	assert.Equal(t, string(file), string(written(t, capture.JSONL, back.Xray)),
		"each row is the same")
	assert.Equal(t, x.Counters().Requests, back.Xray.Counters().Requests)
	assert.Equal(t, written(t, capture.Pcapng, x), written(t, capture.Pcapng, back.Xray),
		"so are the packets")
	for _, r := range back.Xray.Held() {
		assert.Equal(t, r, back.Xray.Row(r.ID))
	}
}

func TestACaptureIsReadBack(t *testing.T) {
	x := live(t)
	back := opened(t, written(t, capture.Pcapng, x))
	assert.Empty(t, back.Notes)
	above := func(r *xray.Row) bool { return r.Layer != xray.TCP }
	want, got := told(x.Held(), above), told(back.Xray.Held(), above)
	require.NotEmpty(t, want)
	assert.Equal(t, noTimes(want), noTimes(got))
	pieces := func(r *xray.Row) bool { return r.Layer == xray.TCP && r.Size > 0 }
	assert.Equal(t, told(x.Held(), pieces), told(back.Xray.Held(), pieces),
		"each read and write is a packet")
	assert.Equal(t, x.Counters().In, back.Xray.Counters().In)
	assert.Equal(t, x.Counters().Out, back.Xray.Counters().Out)
}

// noTimes leaves out the ids of rows, which a summary names.
func noTimes(lines []string) (all []string) {
	for _, l := range lines {
		before, _, _ := strings.Cut(l, " (row ")
		all = append(all, before)
	}
	return all
}

func TestAnArchiveIsReadBack(t *testing.T) {
	x := live(t)
	file := written(t, capture.HAR, x)
	back := opened(t, file)
	want, got := noTimes(told(x.Held(), content)), noTimes(told(back.Xray.Held(), content))
	require.Contains(t, strings.Join(want, "\n"),
		`in event the client emits "chat message" with "你好"`)
	require.Contains(t, strings.Join(want, "\n"), "out sse event 1: price 0.5")
	assert.Equal(t, withoutAfter(want), withoutAfter(got))
	assert.NotEmpty(t, back.Notes, "the bytes are rebuilt")
	assert.Empty(t, told(back.Xray.Held(), func(r *xray.Row) bool {
		return r.Layer == xray.TCP
	}), "what TCP carried is unknown")
	again := opened(t, written(t, capture.HAR, back.Xray))
	assert.Equal(t, told(back.Xray.Held(), content), told(again.Xray.Held(), content))
}

// withoutAfter leaves out the time between an event and its acknowledgement, because times in an
// archive are in microseconds.
func withoutAfter(lines []string) (all []string) {
	for _, l := range lines {
		if at := strings.LastIndex(l, ", "); at > 0 && strings.HasSuffix(l, "after it") {
			l = l[:at]
		}
		all = append(all, l)
	}
	return all
}

func TestCompressedFiles(t *testing.T) {
	x := live(t)
	for _, f := range []capture.Format{capture.JSONL, capture.Pcapng, capture.HAR} {
		file := written(t, f, x)
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, err := z.Write(file)
		require.NoError(t, err)
		require.NoError(t, z.Close())
		assert.Equal(t, told(opened(t, file).Xray.Held(), content),
			told(opened(t, b.Bytes()).Xray.Held(), content), f)
	}
}

func TestEachSeesAllRows(t *testing.T) {
	file := written(t, capture.Pcapng, live(t))
	for _, stream := range []bool{false, true} {
		var seen []*xray.Row
		c, err := capture.Open(bytes.NewReader(file),
			capture.Config{Stream: stream, Each: func(rows []*xray.Row) error {
				seen = append(seen, rows...)
				return nil
			}})
		require.NoError(t, err)
		assert.Equal(t, c.Xray.Held(), seen)
		c.Xray.Close()
	}
	stop := errors.New("stop")
	_, err := capture.Open(bytes.NewReader(file), capture.Config{Each: func([]*xray.Row) error {
		return stop
	}})
	require.ErrorIs(t, err, stop)
}

func TestDamagedFiles(t *testing.T) {
	x := live(t)
	for _, f := range []capture.Format{capture.JSONL, capture.Pcapng} {
		file := written(t, f, x)
		c, err := capture.Open(bytes.NewReader(file[:len(file)-7]), capture.Config{})
		require.NoError(t, err, f)
		var damage *xray.FileError
		require.ErrorAs(t, c.Damage, &damage, f)
		assert.Contains(t, damage.Error(), "ends in the middle", f)
		assert.Greater(t, damage.Offset, int64(len(file)/2), f)
		assert.Greater(t, len(c.Xray.Held()), 10, "what comes before was read")
		c.Xray.Close()
	}
	archive := written(t, capture.HAR, x)
	lines := bytes.SplitAfter(written(t, capture.JSONL, x), []byte("\n"))
	for name, tc := range map[string]struct {
		file []byte
		says string
	}{
		"nothing": {nil, "the file is empty"},
		"a text": {[]byte("hello"),
			`not a capture: want pcap, pcapng, HAR, or JSON lines of the x-ray, and it begins with "hello"`},
		"a cut archive": {archive[:len(archive)/2], "the archive ends too early"},
		"a broken archive": {bytes.Replace(archive, []byte(`"entries"`), []byte(`"entries" 1`), 1),
			"byte"},
		"no archive":      {[]byte(`{"log": null}`), `it has no "log"`},
		"an archive of 1": {[]byte(`{"log": {"entries": 1}}`), "log.entries is number"},
		"no URL":          {[]byte(`{"log": {"entries": [{}]}}`), `entry 1: "" is not a URL`},
		"other JSON": {[]byte(`{"a": 1}`),
			`byte 0: line 1: not a row of the x-ray: it has no "id" and no "layer"`},
		"an unknown layer": {[]byte(`{"id":1,"conn":1,"dir":"in","layer":"x"}`),
			`unknown layer "x"`},
		"rows in no order": {bytes.Join([][]byte{lines[3], lines[2]}, nil), "comes after row"},
		"two demos": {[]byte(`{"demo":"a","id":1,"conn":1,"dir":"in","layer":"ws"}` + "\n" +
			`{"demo":"b","id":2,"conn":1,"dir":"in","layer":"ws"}`), "two demos, a and b"},
		"a short pcap": {[]byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0}, "the file ends in the middle"},
		"a version of pcap": {append([]byte{0xd4, 0xc3, 0xb2, 0xa1, 9, 0}, make([]byte, 30)...),
			"Unknown major version 9"},
		"not gzip": {[]byte{0x1f, 0x8b, 1, 2}, "gzip"},
	} {
		c, err := capture.Open(bytes.NewReader(tc.file), capture.Config{})
		if err == nil {
			err = c.Damage // the rows before it were read
			c.Xray.Close()
		}
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), tc.says, name)
		assert.NotContains(t, err.Error(), "\n", name)
	}
}

func TestTheFirstLinesOfJSONHaveNoRow(t *testing.T) {
	file := `{"xray":"http://127.0.0.1:3100","page":"http://127.0.0.1:1"}` + "\n\n" +
		`{"id":5,"conn":2,"dir":"out","layer":"ws","size":3,"summary":{"en":"a","zh":"b"},"data":"AQID"}` + "\n"
	c := opened(t, []byte(file))
	require.Len(t, c.Xray.Held(), 1)
	row := c.Xray.Held()[0]
	assert.Equal(t, uint64(5), row.ID)
	assert.Equal(t, []byte{1, 2, 3}, row.Data)
	assert.Equal(t, "0.0.0.0:0", row.Peer().Remote.String())
	assert.Len(t, row.Fields(), 1, "the bytes without fields are one")
}

func TestSavedWhileItRuns(t *testing.T) {
	for _, f := range []capture.Format{capture.JSONL, capture.Pcapng, capture.HAR} {
		path := filepath.Join(t.TempDir(), "a."+string(f))
		x := live(t)
		s, err := capture.Save(path, x, "http")
		require.NoError(t, err)
		_, err = os.Stat(path)
		require.ErrorIs(t, err, os.ErrNotExist, "whole or not at all")
		says, err := s.Finish()
		require.NoError(t, err)
		assert.Regexp(t, `^saved [1-9].* in `+path, says.In(lang.English), f)
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, told(x.Held(), content)[:5],
			told(opened(t, file).Xray.Held(), content)[:5], f)
	}
}

// chosen returns a file with a part of the rows, and what it says of it.
func chosen(t *testing.T, f capture.Format, x *xray.Xray, keep func(*xray.Row) bool) ([]byte,
	string) {
	var b bytes.Buffer
	content, err := capture.Write(&b, f, x.Tap(), x.Held(), keep, "http")
	require.NoError(t, err)
	return b.Bytes(), content.In("x").EN
}

// A row above HTTP brings its whole request into an archive, and its whole connection into a
// pcapng.
func TestChosenRowsBringTheirRequest(t *testing.T) {
	x := live(t)
	event := func(r *xray.Row) bool { return r.Layer == xray.Event && r.Name == "chat message" }
	file, says := chosen(t, capture.HAR, x, event)
	assert.Regexp(t,
		`^saved 1 request and \d+ messages of WebSockets in x, without what HAR cannot hold: TCP`,
		says)
	back := told(opened(t, file).Xray.Held(), content)
	assert.Contains(t, strings.Join(back, "\n"), `the client emits "chat message" with "你好"`)
	assert.NotContains(t, strings.Join(back, "\n"), "sse event",
		"of other requests there is nothing")

	var conn uint64
	for _, r := range x.Held() {
		if event(r) {
			conn = r.Conn
		}
	}
	require.Greater(t, conn, uint64(1))
	file, says = chosen(t, capture.Pcapng, x, event)
	assert.Equal(t,
		fmt.Sprintf(
			"saved 1 whole connection in x; when opened, it numbers them from 1: #%d becomes #1",
			conn), says)
	for _, r := range opened(t, file).Xray.Held() {
		assert.Equal(t, uint64(1), r.Conn)
	}

	_, says = chosen(t, capture.Pcapng, x, nil)
	assert.Regexp(t, `^saved \d+ whole connections in x$`, says, "all of them keep their numbers")
	tcp := func(r *xray.Row) bool { return r.Layer == xray.TCP }
	empty, err := capture.Write(io.Discard, capture.HAR, x.Tap(), x.Held(), tcp, "http")
	require.NoError(t, err)
	assert.True(t, empty.Empty(), "a read belongs to no request")
}

func TestSavedRowsAreChosen(t *testing.T) {
	file, _ := chosen(t, capture.JSONL, live(t), func(r *xray.Row) bool {
		return r.Layer == xray.SSE
	})
	for line := range bytes.Lines(file) {
		var row xray.Brief
		require.NoError(t, json.Unmarshal(line, &row))
		assert.Equal(t, xray.SSE, row.Layer)
	}
	back := opened(t, file)
	require.Len(t, back.Xray.Held(), 6, "with gaps between their ids")
	for _, r := range back.Xray.Held() {
		assert.Equal(t, r, back.Xray.Row(r.ID))
	}
}

func TestBadPlaces(t *testing.T) {
	x := live(t)
	for _, path := range []string{"a", "a.txt", filepath.Join(t.TempDir(), "no", "a.pcapng"),
		t.TempDir() + "/a.d/.jsonl"} {
		_, err := capture.Save(path, x, "http")
		require.Error(t, err, path)
	}
}

// The archives in testdata look like the archives of Chromium's and Firefox's developer tools.
func TestArchivesOfBrowsers(t *testing.T) {
	for name, want := range map[string][]string{
		"chromium.har": {
			"in http GET /",
			"out http 200 OK · text/html; charset=utf-8 · answers GET / after 13ms",
			"out body body of 20 bytes · <!doctype html>hello",
			"in http POST /messages?from=ann", `in body body of 17 bytes · {"text":"你好"}`,
			"out http 201 Created · image/png · answers POST /messages?from=ann after 8ms",
			"out body body of 4 bytes · ⟨89 50 4e 47⟩",
			`out event the server welcomes the client to namespace /: {"sid":"b"}`,
			`in event the client emits "file" with {"_placeholder":true,"num":0} and 3 bytes of binary`, "in http GET /blocked",
		},
		"firefox.har": {"in http GET /events", "out sse event 1: one", "out sse event 2: b 2",
			"in http GET /large", "out bytes a body that was not finished"},
	} {
		file, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		back := opened(t, file)
		said := told(back.Xray.Held(), func(*xray.Row) bool { return true })
		assert.Subset(t, said, want, name)
		assert.NotContains(t, strings.Join(said, "\n"), "data:image",
			"nothing of it crossed the wire")
	}
}
