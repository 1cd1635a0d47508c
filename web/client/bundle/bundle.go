// Command bundle makes the files of web/client/dist from the modules in web/client: the browser
// client under the file names of the official one. `go generate ./web/client` runs it, with
// web/client/ as the working directory.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// A bundle is one script in dist.
type bundle struct {
	file   string // in dist; a map is file + ".map"
	entry  string // the module it begins at
	format api.Format
	minify bool // and leave the debug log out
	mapped bool // with a source map
}

// The readable bundle needs no map. A map holds all modules, and is part of every binary: one for
// each module format.
var bundles = []bundle{
	{"socket.io.js", "umd.js", api.FormatCommonJS, false, false},
	{"socket.io.min.js", "umd.js", api.FormatCommonJS, true, true},
	{"socket.io.msgpack.min.js", "umd-msgpack.js", api.FormatCommonJS, true, false},
	{"socket.io.esm.min.js", "index.js", api.FormatESModule, true, true},
}

// distPackage makes Node read dist's scripts as CommonJS, although the modules beside dist are ES
// modules.
const distPackage = "{\n  \"type\": \"commonjs\"\n}\n"

// The banner and footer make a CommonJS bundle work as a plain script too: without a module loader
// it sets the global io.
const (
	umdBanner = `(function (root, factory) {
  if (typeof module === "object" && module.exports) module.exports = factory();
  else if (typeof define === "function" && define.amd) define(factory);
  else root.io = factory();
})(typeof globalThis !== "undefined" ? globalThis : self, function () {
  const module = {};`
	umdFooter = `return module.exports.default;
});`
)

func main() {
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

// write replaces client/dist.
func write(client string) error {
	dist := filepath.Join(client, "dist")
	files, err := build(client)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dist); err != nil {
		return err
	}
	if err := os.Mkdir(dist, 0o755); err != nil {
		return err
	}
	for name, contents := range files {
		if err := os.WriteFile(filepath.Join(dist, name), contents, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// build returns the files of dist by name, the same ones for the same modules on every machine.
func build(client string) (map[string][]byte, error) {
	dir, err := filepath.Abs(client)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"package.json": []byte(distPackage)}
	for _, b := range bundles {
		result := api.Build(b.options(dir))
		for _, msg := range result.Errors {
			err = errors.Join(err, fmt.Errorf("%s: %s", b.entry, msg.Text))
		}
		for _, file := range result.OutputFiles {
			files[filepath.Base(file.Path)] = file.Contents
		}
	}
	return files, err
}

func (b bundle) options(dir string) api.BuildOptions {
	opts := api.BuildOptions{
		AbsWorkingDir:     dir,
		EntryPoints:       []string{b.entry},
		Outfile:           filepath.Join("dist", b.file),
		Bundle:            true,
		Format:            b.format,
		Platform:          api.PlatformBrowser,
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		MinifyWhitespace:  b.minify,
		MinifyIdentifiers: b.minify,
		MinifySyntax:      b.minify,
	}
	if b.minify {
		opts.DropLabels = []string{"DEBUG"}
	}
	if b.mapped {
		opts.Sourcemap = api.SourceMapLinked
	}
	if b.format == api.FormatCommonJS {
		opts.Banner = map[string]string{"js": umdBanner}
		opts.Footer = map[string]string{"js": umdFooter}
	}
	return opts
}
