// Package web holds the browser side of the lab: the pages, and what they share. Our Socket.IO
// client stands in web/client.
package web

import "embed"

// Pages holds pages/<demo>/ and shared/.
//
//go:embed pages shared
var Pages embed.FS

// Class holds class/, the page of the class board.
//
//go:embed class
var Class embed.FS
