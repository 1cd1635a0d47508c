package tui

import (
	"io"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

// newXray returns the x-ray of another server or of a file. It has the screen of a demo.
func newXray(u *ui, x Xray) *demo {
	d := &demo{Demo: lesson.Demo{Name: x.Name, Title: lang.Same(x.Of)}}
	d.serve = func(_ Line, log io.Writer) (Served, error) { return x.Serve(log) }
	d.screen = newRunScreen(u, d)
	return d
}

// xrayIt asks the model for an x-ray of the server at a URL.
type xrayIt struct {
	dialog *dialog
	url    string
}

// xrayed is the answer to the URL of a server.
type xrayed struct {
	dialog  *dialog
	xray    Xray
	monitor *monitor
	err     error
}

// askServer asks for the URL of a server to start an x-ray of.
func (h *home) askServer() {
	d := newDialog(h.ui, h.say("X-ray of a server", "服务器的线路透视"), h.say(
		"The URL of your server: http, https, ws, wss, redis or rediss. Your client then "+
			"connects to the x-ray's address instead. The x-ray ends when you go back.",
		"填写服务器的网址：http、https、ws、wss、redis 或 rediss。之后让客户端连接线路透视的地址。"+
			"返回时，线路透视结束。"), h.server)
	d.input.Placeholder = "http://127.0.0.1:8080"
	d.show(h.say("start", "开始"), func(url string) tea.Cmd {
		h.server = url
		return ask(xrayIt{d, url})
	})
}

// xray starts an x-ray.
func (m *model) xray(at xrayIt) tea.Cmd {
	return func() tea.Msg {
		x, err := m.config.XrayOf(at.url)
		if err != nil {
			return xrayed{dialog: at.dialog, err: err}
		}
		served, err := m.background.start(x.Serve)
		return xrayed{at.dialog, x, served, err}
	}
}

// xrayed shows the x-ray that was started. If the dialog was left meanwhile, it ends.
func (m *model) xrayed(x xrayed) tea.Cmd {
	switch {
	case !x.dialog.shown() && x.err == nil:
		return func() tea.Msg {
			_ = m.background.stop(x.monitor) // it was never shown
			return nil
		}
	case !x.dialog.shown():
		return nil
	case x.err != nil:
		x.dialog.fail(x.err)
		return nil
	}
	x.dialog.close()
	d := newXray(m.ui, x.xray)
	m.demos = append(m.demos, d)
	return tea.Batch(m.enter(d.screen), m.started(started{demo: d, monitor: x.monitor}))
}

// leaveXray ends an x-ray and goes back. It asks first if clients are connected.
func (m *model) leaveXray(d *demo) tea.Cmd {
	leave := func() tea.Cmd {
		d.left = true
		back := m.enter(m.from[len(m.from)-1])
		if d.state == idle {
			m.forget(d)
		}
		return tea.Batch(back, m.end(d))
	}
	if d.clients == 0 {
		return leave()
	}
	m.confirmEnd(d, leave)
	return nil
}

// forget drops an x-ray that has ended.
func (m *model) forget(d *demo) {
	m.demos = slices.DeleteFunc(m.demos, func(other *demo) bool { return other == d })
}
