package host

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"path"

	"realtimelab/internal/lesson"
)

// XrayPage is the page of an x-ray in front of somebody else's server.
type XrayPage struct {
	Web    fs.FS // pages/xray/ and shared/
	Lang   lesson.Lang
	Target string // the server's URL
	Proxy  string // the URL that clients are to use in its place
}

// Handler serves the page at the root, with the panel.
func (p XrayPage) Handler(panel *Panel) (http.Handler, error) {
	shared, err := fs.Sub(p.Web, "shared")
	if err != nil {
		return nil, err
	}
	page, err := fs.Sub(p.Web, path.Join("pages", "xray"))
	if err != nil {
		return nil, err
	}
	description, err := json.Marshal(struct {
		info
		Target string `json:"target"`
		Proxy  string `json:"proxy"`
	}{info{
		Demo: "xray", Lang: p.Lang, Xray: true,
		Title: lesson.Text{EN: "X-ray", ZH: "线路透视"},
		Summary: lesson.Text{
			EN: "What crosses between your client and your server, byte for byte.",
			ZH: "你的客户端与服务器之间经过的每一个字节。",
		},
	}, p.Target, p.Proxy})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	serveAssets(mux, page, shared, description)
	panel.Routes(mux)
	return mux, nil
}
