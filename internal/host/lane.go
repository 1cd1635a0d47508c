package host

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/lesson"
	"realtimelab/internal/meter"
	"realtimelab/internal/netsim"
	"realtimelab/internal/qr"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	xrayweb "realtimelab/internal/xray/web"
)

// lab returns the lab's services for the demo at that port. wire is the demo's tap, or nil.
func (c Config) lab(port int, wire *tap.Tap) *lesson.Lab {
	course := c.Course
	if len(course) == 0 {
		course = []lesson.Lesson{c.Lesson}
	}
	return &lesson.Lab{
		Lessons: course, Net: c.Net.String(), Keyed: c.Key.Held, Code: c.code,
		ServeInside: c.serveInside, Tap: newXrayTap,
		Allow: httpserver.NewHosts(c.Listener.Addr(), c.Hosts...).Allow, Browser: xrayweb.BrowserOf,
		Show: xrayweb.Show,
		Serve: func(start func(lesson.Env) (*lesson.Instance, error)) (lesson.Served, error) {
			return c.serveLane(start, port)
		},
		Tunnel: func(to string, recorded bool) (lesson.Tunnel, error) {
			if !recorded {
				return c.openTunnel(to, nil)
			}
			return c.openTunnel(to, wire)
		},
	}
}

// code draws the address of a path as a QR code. An address for the local network that the reader's
// browser uses is known to work. It returns "" if the only address is one of this machine.
func (c Config) code(r *http.Request, path string) (string, error) {
	address := httpserver.Scheme(r) + "://" + r.Host
	if len(c.Join) > 0 && !slices.Contains(c.Join, address) {
		address = c.Join[0]
	}
	if u, err := url.Parse(address); err != nil || u.Hostname() == "localhost" ||
		net.ParseIP(u.Hostname()).IsLoopback() {
		return "", nil
	}
	return qr.SVG(address + path)
}

// served is the demo of a lane: its server behind a meter and a simulated network.
type served struct {
	instance *lesson.Instance
	server   *meter.Server
	front    *netsim.Front
	xray     *xray.Xray
	panel    *xrayweb.Panel
}

// Limits of a lane's x-ray, which shows only recent messages.
const (
	laneTap  = 256 << 10 // bytes
	laneRows = 1000
	rowsSent = 60
	dataSent = 1 << 10 // bytes of a row
)

// serveLane serves a server for the page at the port framedBy, on the page's address. With TLS it
// speaks HTTP/1.1, and the meter counts the same bytes as without TLS.
func (c Config) serveLane(start func(lesson.Env) (*lesson.Instance, error),
	framedBy int) (_ lesson.Served, err error) {
	page, err := fs.Sub(c.Web, "pages/"+c.Demo.Name)
	if err != nil {
		return nil, err
	}
	address, _, err := net.SplitHostPort(c.Listener.Addr().String())
	if err != nil {
		return nil, err
	}
	public, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		return nil, err
	}
	s := &served{}
	if s.instance, err = start(lesson.Env{Log: slog.New(slog.DiscardHandler)}); err != nil {
		return nil, errors.Join(err, public.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("/", s.instance.Handler)
	mux.Handle("GET /lab/lane/", httpserver.Policy{FramedBy: []int{framedBy}, Uses: s.instance.Uses,
		BothNames: s.instance.BothNames}.Page(http.StripPrefix("/lab/lane/",
		http.FileServerFS(page))))
	mux.Handle("GET /lab/shared/",
		httpserver.Policy{}.Page(http.StripPrefix("/lab/", http.FileServerFS(c.Web))))
	config := httpserver.Config{Handler: xrayweb.KnowBrowsers(mux),
		Hosts: httpserver.NewHosts(public.Addr(), c.Hosts...), Log: c.Log}
	if c.TLS != nil {
		config.TLS = c.TLS.Clone()
		config.TLS.NextProtos = []string{"http/1.1"}
	}
	if s.server, err = meter.ServeRecorded(config, tap.Config{MaxBytes: laneTap}); err != nil {
		return nil, errors.Join(err, public.Close(), s.instance.Close(context.Background()))
	}
	s.xray = xray.New(s.server.Tap(),
		xray.Config{MaxRows: laneRows, MaxBytes: 1 << 20, MaxPending: 4 << 20, Lab: labPath})
	s.panel = xrayweb.NewPanel(xrayweb.PanelConfig{Xray: s.xray, Keyed: c.Key.Held,
		ByBrowser: true})
	s.front = netsim.Start(netsim.Config{Listener: public, Target: s.server.Addr, Link: c.Net,
		Seed: c.Seed, Log: c.Log})
	return s, nil
}

func (s *served) Port() int { return s.front.Addr().(*net.TCPAddr).Port }

func (s *served) Direct() string { return "http://" + s.server.Direct }

func (s *served) Counts() lesson.Counts {
	n := s.server.Count()
	return lesson.Counts{In: n.In, Out: n.Out, Headers: n.HeadersIn + n.HeadersOut,
		Requests: n.Requests, Connections: n.Connections}
}

func (s *served) Rows(r *http.Request) (rows []lesson.Row, allowed bool) {
	all, allowed := s.panel.Rows(r)
	for _, row := range all {
		if row.Lab || row.Layer == xray.TCP || row.Layer == xray.H2 {
			// those hold the cookies of the lab's own requests
			continue
		}
		rows = append(rows, rowOf(row))
	}
	return rows[max(len(rows)-rowsSent, 0):], allowed
}

// rowOf returns the part of a row that a lesson shows.
func rowOf(row *xray.Row) lesson.Row {
	shown := lesson.Row{
		Time: row.Time, Dir: row.Dir.String(), Layer: string(row.Layer), Summary: row.Summary,
		Size: row.Size, Data: row.Data[:min(len(row.Data), dataSent)],
	}
	if row.Layer == xray.WS && len(row.Views) > 0 {
		plain := row.Views[0].Data
		shown.Plain = plain[:min(len(plain), dataSent)]
	}
	return shown
}

func (s *served) SetNet(text string) error {
	link, err := netsim.Parse(text)
	if err == nil {
		s.front.Set(link)
	}
	return err
}

func (s *served) Blackout(on bool) { s.front.Blackout(on) }

func (s *served) Reset() {
	s.server.Down()
	s.server.Up()
}

func (s *served) Close(ctx context.Context) error {
	err := s.server.Close(ctx, s.instance.Close)
	s.panel.Close()
	s.xray.Close()
	return errors.Join(err, s.front.Close())
}
