package httpserver

import (
	"io"
	"net/http"
	"time"
)

const (
	stallTime    = 10 * time.Second // timeout of one write
	downloadTime = 2 * time.Minute  // timeout of the whole download
)

// Download returns a writer to w for a large response. A write fails once the client has read
// nothing for 10 seconds, or once the whole download has taken 2 minutes.
func Download(w http.ResponseWriter) io.Writer {
	return &download{w, http.NewResponseController(w), time.Now().Add(downloadTime)}
}

type download struct {
	io.Writer
	control *http.ResponseController
	end     time.Time
}

func (d *download) Write(p []byte) (int, error) {
	deadline := time.Now().Add(stallTime)
	if deadline.After(d.end) {
		deadline = d.end
	}
	d.control.SetWriteDeadline(deadline)
	return d.Writer.Write(p)
}
