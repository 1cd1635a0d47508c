package web

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"path"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/lang"
)

// A Page is the page of an x-ray in front of an external server. Its panel shows the connections of
// other programs, so it requires the key.
type Page struct {
	Web    fs.FS        // pages/xray/ and shared/
	Key    http.Handler // takes the key from the page's POST
	Lang   lang.Lang
	Target string // the server's URL
	Proxy  string // the URL that clients use instead

	// File is the name of the file that the x-ray was read from, and Notes say what the reader
	// should know of it. Empty for the x-ray of a server.
	File  string
	Notes []lang.Text
}

// Handler serves the page at the root, together with the panel.
func (p Page) Handler(panel *Panel) (http.Handler, error) {
	shared, err := fs.Sub(p.Web, "shared")
	if err != nil {
		return nil, err
	}
	page, err := fs.Sub(p.Web, path.Join("pages", "xray"))
	if err != nil {
		return nil, err
	}
	info, err := json.Marshal(struct {
		Demo    string    `json:"demo"`
		Lang    lang.Lang `json:"lang,omitempty"`
		Title   lang.Text `json:"title"`
		Summary lang.Text `json:"summary"`
		Xray    bool      `json:"xray"`
		Target  string    `json:"target"`
		Proxy   string    `json:"proxy"`

		File  string      `json:"file,omitempty"`
		Notes []lang.Text `json:"notes,omitempty"`
	}{
		"xray", p.Lang,
		lang.Text{EN: "X-ray", ZH: "线路透视"}, p.summary(), true, p.Target, p.Proxy, p.File,
		p.Notes,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	asset := httpserver.Policy{}.Page
	mux.Handle("GET /{$}", asset(http.FileServerFS(page)))
	mux.Handle("GET /lab/page/", asset(http.StripPrefix("/lab/page/", http.FileServerFS(page))))
	mux.Handle("GET /lab/shared/",
		asset(http.StripPrefix("/lab/shared/", http.FileServerFS(shared))))
	mux.Handle("GET "+infoPath,
		asset(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write(info)
		})))
	mux.Handle("POST "+labPath+"key", p.Key)
	panel.Routes(mux)
	return mux, nil
}

func (p Page) summary() lang.Text {
	if p.File != "" {
		return lang.Text{EN: "The traffic in a file, byte by byte.",
			ZH: "一个文件里的流量，逐字节。"}
	}
	return lang.Text{
		EN: "Everything that your client and your server send each other, byte by byte.",
		ZH: "你的客户端与服务器之间经过的每一个字节。",
	}
}
