package web

import (
	"embed"
	"io/fs"
)

//go:generate go run ./client/bundle

//go:embed client/dist
var client embed.FS

// Client holds our browser client's bundles at its root, under the official file names: socket.io.js, socket.io.min.js,
// socket.io.esm.min.js, socket.io.msgpack.min.js, and a .map for each.
func Client() fs.FS {
	dist, err := fs.Sub(client, "client/dist")
	if err != nil {
		panic(err) // the embedded folder is part of the program
	}
	return dist
}
