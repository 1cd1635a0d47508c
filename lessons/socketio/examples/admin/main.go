// Command admin is a chat with rooms, and the official Admin UI, which shows the chat's sockets,
// rooms and events while people use it. The page of the Admin UI comes from npm:
//
//	npm install @socket.io/admin-ui @mdi/font
//	go run ./lessons/socketio/examples/admin
//
// Without the page, the server is ready for one that stands elsewhere: name its origin with
// -origin.
package main

import (
	"crypto/rand"
	"embed"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/crypto/bcrypt"

	"realtimelab/lessons/socketio/cors"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sio/admin"
)

//go:embed index.html
var page embed.FS

// start returns the chat, which the Admin UI watches.
func start(password string, origins []string) (*sio.Server, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return nil, err
	}
	config := sio.Config{}
	if origins != nil {
		config.Engine = engineio.Config{CORS: &cors.Policy{Origins: origins, Credentials: true}}
	}
	io := sio.NewServer(config)
	_, err = admin.Instrument(io, admin.Config{
		Auth:    &admin.BasicAuth{Username: "admin", PasswordHash: string(hash)},
		Origins: origins,
	})
	io.OnConnection(func(s *sio.Socket) {
		room := "hall"
		s.Join(room)
		s.On("join", func(name string) {
			s.Leave(room)
			room = name
			s.Join(room)
		})
		s.On("name", func(name string) { s.Set("name", name) })
		s.On("chat message", func(text string) {
			io.To(room).Emit("chat message", s.Get("name"), text)
		})
	})
	return io, err
}

// The page of the Admin UI asks other sites for its fonts. The icons come from @mdi/font here, and
// the policy lets the page, in which a password is typed, load nothing from elsewhere.
var iconsElsewhere = regexp.MustCompile(`https://[^"]*/@mdi/font@latest/`)

const policy = "default-src 'self'; connect-src *; img-src 'self' data:; " +
	"style-src 'self' 'unsafe-inline'"

// serveAdminUI serves the page from the packages that npm has installed in a folder.
func serveAdminUI(modules string) http.Handler {
	ui := filepath.Join(modules, "@socket.io", "admin-ui", "ui", "dist")
	mux := http.NewServeMux()
	mux.Handle("/admin/", http.StripPrefix("/admin/", http.FileServer(http.Dir(ui))))
	mux.Handle("/admin/mdi/", http.StripPrefix("/admin/mdi/",
		http.FileServer(http.Dir(filepath.Join(modules, "@mdi", "font")))))
	mux.HandleFunc("/admin/{$}", func(w http.ResponseWriter, _ *http.Request) {
		html, err := os.ReadFile(filepath.Join(ui, "index.html"))
		if err != nil {
			http.Error(w,
				"The Admin UI is not here. Run npm install @socket.io/admin-ui @mdi/font, and "+
					"name the folder node_modules with -modules.", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(iconsElsewhere.ReplaceAll(html, []byte("mdi/")))
	})
	return mux
}

func main() {
	addr := flag.String("addr", "127.0.0.1:4000", "address to listen on")
	modules := flag.String("modules", "node_modules",
		"folder in which npm has installed @socket.io/admin-ui and @mdi/font")
	password := flag.String("password", "", "password of the user admin (default a random one)")
	origin := flag.String("origin", "",
		"origin of an Admin UI that another server serves, such as https://admin.example.com")
	flag.Parse()
	if *password == "" {
		*password = rand.Text()
	}
	var origins []string
	if *origin != "" {
		origins = []string{*origin}
	}

	io, err := start(*password, origins)
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/socket.io/", io)
	http.Handle("/admin/", serveAdminUI(*modules))
	http.Handle("/", http.FileServerFS(page))
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", l.Addr())
	fmt.Printf("Admin UI: http://%s/admin/, user admin, password %s\n", l.Addr(), *password)
	log.Fatal(http.Serve(l, nil))
}
