package host

import (
	"encoding/json"
	"net/http"

	"realtimelab/internal/lang"
	"realtimelab/internal/middlebox"
	"realtimelab/internal/netsim"
)

// line describes the proxy and the network between the clients and the demo, as GET /lab/line
// returns it. The person with the key changes it with POST: {"proxy":"buffering,idle=30s"},
// {"net":"3g"}, or both.
type line struct {
	Keyed bool `json:"keyed"` // the client may change it

	Proxy string     `json:"proxy,omitempty"` // as --proxy takes it; empty without a proxy
	Says  *lang.Text `json:"says,omitempty"`  // what the proxy does
	Kinds []kind     `json:"kinds,omitempty"` // kinds that the proxy can have

	Net  string   `json:"net,omitempty"` // as --net takes it; empty without a simulated network
	Nets []string `json:"nets,omitempty"`
}

// kind is a kind of proxy, as a page offers it.
type kind struct {
	Name    string    `json:"name"`
	Says    lang.Text `json:"says"`
	Default string    `json:"default,omitempty"` // the duration of a kind that has one
}

func (r *Running) serveLine(w http.ResponseWriter, req *http.Request, key Key) {
	l := line{Keyed: key.Held(req)}
	if r.proxy != nil {
		k := r.proxy.box.Kinds()
		l.Proxy, l.Says = k.String(), new(k.Describe())
		for _, one := range middlebox.All() {
			offered := kind{Name: one.Name, Says: one.Says}
			if one.Default > 0 {
				offered.Default = one.Default.String()
			}
			l.Kinds = append(l.Kinds, offered)
		}
	}
	if r.front != nil {
		l.Net, l.Nets = r.front.Link().String(), netsim.Names()
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(l) // fails only if the client has left
}

// changeLine changes the proxy and the network for all clients of the demo. It changes both or
// nothing.
func (r *Running) changeLine(w http.ResponseWriter, req *http.Request, key Key) {
	w.Header().Set("Cache-Control", "no-store")
	if !key.Held(req) {
		http.Error(w,
			"Only the person who started the lab can change the proxy and the network. Open the "+
				"page with the key: its URL is in the terminal.", http.StatusForbidden)
		return
	}
	var wanted struct{ Proxy, Net *string }
	decoder := json.NewDecoder(http.MaxBytesReader(w, req.Body, 1<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wanted); err != nil {
		http.Error(w, `The body must be JSON such as {"proxy":"buffering","net":"3g"}: `+
			err.Error(), http.StatusBadRequest)
		return
	}
	if wanted.Proxy != nil && r.proxy == nil || wanted.Net != nil && r.front == nil {
		http.Error(w,
			"This demo has no such proxy or network to change. Start it with "+
				"--proxy none, or with --net wifi.", http.StatusConflict)
		return
	}
	var kinds middlebox.Kinds
	var link netsim.Link
	var err error
	if wanted.Proxy != nil {
		kinds, err = middlebox.Parse(*wanted.Proxy)
	}
	if err == nil && wanted.Net != nil {
		link, err = netsim.Parse(*wanted.Net)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if wanted.Proxy != nil {
		r.proxy.box.Set(kinds)
	}
	if wanted.Net != nil {
		r.front.Set(link)
	}
	r.serveLine(w, req, key)
}
