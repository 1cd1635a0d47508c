// Package client holds the files of our browser client, for servers that embed them.
package client

import (
	"embed"
	"io/fs"
)

//go:generate go run ./bundle

//go:embed dist/*.js dist/*.map
var dist embed.FS

// Files returns the client's bundles under the official file names: socket.io.js, socket.io.min.js,
// socket.io.esm.min.js and socket.io.msgpack.min.js, and a .map for the two minified ones without
// msgpack. They add 430 KB to a program.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the embedded folder is part of the program
	}
	return files
}
