// Command server carries messages by long polling.
// Write it here, or in another language, and then check it with --target.
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

// Handler returns the server.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /messages", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "TODO", http.StatusNotImplemented)
	})
	mux.HandleFunc("GET /messages", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "TODO", http.StatusNotImplemented)
	})
	return mux
}
