package host

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
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

// lab returns what the demo at that port may ask of the lab.
func (c Config) lab(port int) *lesson.Lab {
	course := c.Course
	if len(course) == 0 {
		course = []lesson.Lesson{c.Lesson}
	}
	return &lesson.Lab{Lessons: course, Net: c.Net.String(), Keyed: c.Key.Held, Code: c.code, Serve: func(start func(lesson.Env) (*lesson.Instance, error)) (lesson.Served, error) {
		return c.serveLane(start, port)
	}}
}

// code draws the address of a path as a QR code. An address for the local network that the reader's
// browser uses is known to work.
func (c Config) code(r *http.Request, path string) (string, error) {
	address := httpserver.Scheme(r) + "://" + r.Host
	if len(c.Join) > 0 && !slices.Contains(c.Join, address) {
		address = c.Join[0]
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

// Limits of a lane's x-ray: what a reader looks at after a click.
const (
	laneTap  = 256 << 10 // bytes
	laneRows = 1000
	rowsSent = 60
	dataSent = 1 << 10 // bytes of a row
)

// serveLane serves a server for the page at the port framedBy, on the page's address. With TLS it speaks
// HTTP/1.1, and the meter counts what it counts without TLS.
func (c Config) serveLane(start func(lesson.Env) (*lesson.Instance, error), framedBy int) (_ lesson.Served, err error) {
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
	mux.Handle("GET /lab/lane/", httpserver.Policy{FramedBy: []int{framedBy}}.Page(http.StripPrefix("/lab/lane/", http.FileServerFS(page))))
	mux.Handle("GET /lab/shared/", httpserver.Policy{}.Page(http.StripPrefix("/lab/", http.FileServerFS(c.Web))))
	config := httpserver.Config{Handler: xrayweb.KnowBrowsers(mux), Hosts: httpserver.NewHosts(public.Addr(), c.Hosts...), Log: c.Log}
	if c.TLS != nil {
		config.TLS = c.TLS.Clone()
		config.TLS.NextProtos = []string{"http/1.1"}
	}
	if s.server, err = meter.ServeRecorded(config, tap.Config{MaxBytes: laneTap}); err != nil {
		return nil, errors.Join(err, public.Close(), s.instance.Close(context.Background()))
	}
	s.xray = xray.New(s.server.Tap(), xray.Config{MaxRows: laneRows, MaxBytes: 1 << 20, MaxPending: 4 << 20, Lab: labPath})
	s.panel = xrayweb.NewPanel(xrayweb.PanelConfig{Xray: s.xray, Keyed: c.Key.Held, ByBrowser: true})
	s.front = netsim.Start(netsim.Config{Listener: public, Target: s.server.Addr, Link: c.Net, Seed: c.Seed, Log: c.Log})
	return s, nil
}

func (s *served) Port() int { return s.front.Addr().(*net.TCPAddr).Port }

func (s *served) Direct() string { return "http://" + s.server.Direct }

func (s *served) Counts() lesson.Counts {
	n := s.server.Count()
	return lesson.Counts{In: n.In, Out: n.Out, Headers: n.HeadersIn + n.HeadersOut, Requests: n.Requests, Connections: n.Connections}
}

func (s *served) Rows(r *http.Request) (rows []lesson.Row, allowed bool) {
	all, allowed := s.panel.Rows(r)
	for _, row := range all {
		if row.Lab || row.Layer == xray.TCP || row.Layer == xray.H2 { // those hold the cookies of the lab's own requests
			continue
		}
		rows = append(rows, lesson.Row{
			Time: row.Time, Dir: row.Dir.String(), Layer: string(row.Layer), Summary: row.Summary,
			Size: row.Size, Data: row.Data[:min(len(row.Data), dataSent)],
		})
	}
	return rows[max(len(rows)-rowsSent, 0):], allowed
}

func (s *served) SetNet(text string) error {
	link, err := netsim.Parse(text)
	if err == nil {
		s.front.Set(link)
	}
	return err
}

func (s *served) Cut(cut bool) { s.front.Cut(cut) }

func (s *served) Reset() {
	s.server.Cut()
	s.server.Mend()
}

func (s *served) Close(ctx context.Context) error {
	err := s.server.Close(ctx, s.instance.Close)
	s.panel.Close()
	s.xray.Close()
	return errors.Join(err, s.front.Close())
}
