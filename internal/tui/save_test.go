package tui

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/capture"
)

// crossed returns the screen of a demo that has answered two requests, on two connections.
func crossed(t *testing.T) *fixture {
	b, served := served(t, Line{})
	t.Cleanup(func() { assert.NoError(t, b.close()) })
	for _, path := range []string{"/one", "/two"} {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		res, err := client.Get(served.URL + path)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
	}
	d := newFixture(t, lang.English, 120, 40)
	d.background = b
	d.show(0)
	_, next := d.Update(started{demo: d.demos[0], monitor: served})
	require.NotNil(t, next)
	require.NoError(t, served.Running.Xray().Sync(t.Context()))
	d.demos[0].screen.rows.add(served.Running.Xray().Held(), 0)
	return d
}

// saves presses a key, names a file, and waits for the end.
func (d *fixture) saves(key, path string) {
	d.press(key)
	d.write(path)
	d.type_("enter")
}

// rowsOf returns the rows in a file.
func rowsOf(t *testing.T, path string) []*xray.Row {
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	opened, err := capture.Open(file, capture.Config{})
	require.NoError(t, err)
	defer opened.Xray.Close()
	return opened.Xray.Held()
}

func TestTheTrafficIsSaved(t *testing.T) {
	d := crossed(t)
	dir := t.TempDir()
	d.demos[0].screen.rows.filter.set("/two") // hides rows, and chooses the second connection
	for _, name := range []string{"all.jsonl", "all.pcapng", "all.har"} {
		path := filepath.Join(dir, name)
		d.saves("E", path)
		assert.Contains(t, d.notice, "saved ")
		assert.Nil(t, d.over)
		all := ""
		for _, row := range rowsOf(t, path) {
			all += row.Summary.EN + "\n"
		}
		assert.Contains(t, all, "GET /one")
		assert.Contains(t, all, "GET /two")
	}
	d.saves("C", filepath.Join(dir, "conn.jsonl"))
	conns := map[uint64]bool{}
	for _, row := range rowsOf(t, filepath.Join(dir, "conn.jsonl")) {
		conns[row.Conn] = true
	}
	chosen := d.demos[0].screen.rows.current()
	assert.Equal(t, map[uint64]bool{chosen.Conn: true}, conns)
	d.saves("M", filepath.Join(dir, "row.jsonl"))
	rows := rowsOf(t, filepath.Join(dir, "row.jsonl"))
	require.Len(t, rows, 1)
	assert.Equal(t, chosen.Summary, rows[0].Summary)
	info, err := os.Stat(filepath.Join(dir, "row.jsonl"))
	require.NoError(t, err)
	assert.Zero(t, info.Mode().Perm()&0o077, "it may hold passwords")
}

func TestAChosenConnectionIsSaved(t *testing.T) {
	d := crossed(t)
	d.demos[0].screen.conns.add(d.demos[0].wire.Held())
	d.press("2", "down")
	path := filepath.Join(t.TempDir(), "conn.jsonl")
	d.saves("C", path)
	for _, row := range rowsOf(t, path) {
		assert.Equal(t, uint64(1), row.Conn, "the second in the list, which begins with the newest")
	}
}

func TestAFileIsReplacedOnlyAfterAQuestion(t *testing.T) {
	d := crossed(t)
	path := filepath.Join(t.TempDir(), "mine.jsonl")
	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	content := func() string {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		return string(data)
	}
	d.saves("E", path)
	assert.Contains(t, d.View(), "mine.jsonl exists. Replace it?")
	d.type_("n")
	assert.Equal(t, "mine", content())
	d.type_("enter")
	d.type_("esc")
	assert.Equal(t, "mine", content(), "esc means no")
	require.NotNil(t, d.over, "the name can be changed")
	d.type_("enter")
	d.type_("y")
	assert.Contains(t, content(), "GET /one")
	assert.Nil(t, d.over)
}

func TestAFileThatCannotBeSavedSaysWhy(t *testing.T) {
	d := crossed(t)
	for name, want := range map[string]string{
		"all.txt":           "want a name that ends in .pcapng, .jsonl or .har",
		"none/all.jsonl":    "none",
		"~/none/such/a.har": "such",
	} {
		path := name
		if !strings.HasPrefix(name, "~") {
			path = filepath.Join(t.TempDir(), name)
		}
		t.Setenv("HOME", t.TempDir())
		d.saves("E", path)
		require.NotNil(t, d.over, "the name can be corrected")
		assert.Contains(t, d.over.(*dialog).problem.Error(), want)
		assert.NotContains(t, d.View(), "One moment")
		d.type_("esc")
		assert.Nil(t, d.over)
	}
	d.demos[0].wire = xray.New(tap.New(tap.Config{}), xray.Config{})
	defer d.demos[0].wire.Close()
	path := filepath.Join(t.TempDir(), "empty.pcapng")
	d.saves("E", path)
	assert.Contains(t, d.View(), "there is no traffic in memory")
	assert.NoFileExists(t, path)
}

// TestTheTrafficIsSavedAfterTheEnd: a demo that was stopped still has what crossed.
func TestTheTrafficIsSavedAfterTheEnd(t *testing.T) {
	d := crossed(t)
	one := d.demos[0]
	require.NoError(t, d.background.stop(one.monitor))
	d.Update(stopped{demo: one})
	path := filepath.Join(t.TempDir(), "after.jsonl")
	d.saves("E", path)
	assert.NotEmpty(t, rowsOf(t, path))
}

func TestASaveSaysThatTheBeginningIsGone(t *testing.T) {
	wire := tap.New(tap.Config{MaxBytes: 1 << 10, MaxEvents: 4})
	x := xray.New(wire, xray.Config{})
	defer x.Close()
	conn := wire.Replay(&tap.Peer{}, true)
	conn.Data(noon, tap.In, []byte("GET / HTTP/1.1\r\n\r\n"))
	assert.False(t, cutOff(x, "a.pcapng"))
	for range 20 {
		conn.Data(noon, tap.In, []byte("GET / HTTP/1.1\r\n\r\n"))
	}
	assert.True(t, cutOff(x, "a.pcapng"))
	conn.Close(noon)
}

func TestARowIsCopied(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	var copied string
	d.config.Copy = func(text string) error { copied = text; return nil }
	d.show(0)
	d.sampled(chat())
	d.press("/", "f", "r", "a", "m", "e", "enter")
	d.type_("y")
	assert.Equal(t, "12:00:00.003000\t3\t→\t27\tws\ttext frame, 28 bytes\n"+
		"42[\"chat message\",\"你好\"]\n", copied)
	assert.Contains(t, d.View(), "copied the row: text frame, 28 bytes")
	u := d.ui
	assert.Contains(t, rowText(u, row(1, 0, tap.In, xray.WS, "\x81\x05\x1b[2J", "x", "x")),
		"81 05 1b 5b 32 4a")
	long := rowText(u, row(1, 0, tap.In, xray.WS, strings.Repeat("a", maxCopied+7), "x", "x"))
	assert.Contains(t, long, "and 7 more bytes")
}

func TestAnXrayOfAServerIsStartedAndEnds(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("xlocalq")}) // as fast as they come
	d.press("backspace")
	assert.Equal(t, "local", d.over.(*dialog).input.Value(), "q is text")
	d.type_("enter")
	assert.Contains(t, d.View(), "did you mean http://local?")
	d.press("esc")
	d.xrayed()
	one := d.demos[2]
	assert.Equal(t, screen(one.screen), d.at)
	assert.Contains(t, d.View(), "Connect your client to http://127.0.0.1:3100")
	for _, tab := range []string{"Source", "QR code", "network", "proxy", "s3cret"} {
		assert.NotContains(t, d.View(), tab)
	}
	one.clients = 2
	d.press("esc")
	assert.Contains(t, d.View(), "x-ray: 2 clients connected. Stop it?")
	d.press("n")
	assert.Equal(t, screen(one.screen), d.at)
	d.press("q")
	d.type_("y")
	assert.Equal(t, screen(d.home), d.at)
	assert.Len(t, d.demos, 2)
	<-one.wire.Done()

	d.press("x")
	assert.Equal(t, "http://127.0.0.1:8080", d.over.(*dialog).input.Value(), "the last one")
	_, cmd := d.Update(pressed("enter"))
	d.press("esc")
	_, cmd = d.Update(cmd())
	late := cmd().(xrayed)
	_, end := d.Update(late)
	assert.Nil(t, end())
	<-late.monitor.wire().Done()
	assert.Len(t, d.demos, 2, "it was left before it began")
}

// TestTheXrayOfAFileOffersNothingOfAServer: no server runs, and no client connects.
func TestTheXrayOfAFileOffersNothingOfAServer(t *testing.T) {
	c := configured()
	c.Lessons, c.Xray = nil, &Xray{Of: "bug.pcapng", Serve: serveXray}
	d := &fixture{newModel(c, newBackground(c)), t}
	d.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	got := d.Init()().(started)
	got.monitor.Recorded = true
	d.Update(got)
	assert.Contains(t, d.View(), "There is no traffic in this file.")
	for _, text := range []string{"running", "0 clients", "Source", "network"} {
		assert.NotContains(t, strings.SplitN(d.View(), "\n", 2)[1], text)
	}
	for _, key := range []string{"r", "s", "c", "w", "v", "i", "t"} {
		assert.False(t, works(d, key), key)
	}
	assert.True(t, works(d, "E"))
	require.NoError(t, d.background.close())
}

// TestAnXrayInPlaceOfTheLessons is lab xray.
func TestAnXrayInPlaceOfTheLessons(t *testing.T) {
	c := configured()
	c.Lessons, c.Xray = nil, &Xray{Of: "http://127.0.0.1:8080", Serve: serveXray}
	d := &fixture{newModel(c, newBackground(c)), t}
	d.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	_, next := d.Update(d.Init()())
	require.NotNil(t, next)
	assert.Contains(t, d.View(), "x-ray · http://127.0.0.1:8080")
	d.press("esc")
	assert.Contains(t, d.View(), "Connect your client", "there is nothing to go back to")
	d.demos[0].clients = 1
	d.press("q")
	assert.Contains(t, d.View(), "1 client connected. Quit?")
	assert.IsType(t, tea.QuitMsg{}, d.press("y"))
	require.NoError(t, d.background.close())
}
