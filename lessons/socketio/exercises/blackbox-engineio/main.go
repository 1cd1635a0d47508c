// Command server opens, upgrades and closes Engine.IO sessions.
// Write it here, or in any language elsewhere: then check it with --target.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	address := "127.0.0.1:8080"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	fmt.Println("http://" + address)
	fmt.Println(http.ListenAndServe(address, Handler()))
}

// Handler is the server.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/socket.io/", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "TODO", http.StatusNotImplemented)
	})
	return mux
}
