package lesson

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"realtimelab/internal/lang"
)

// Region returns code from the real source. "chat.go" is the whole file,
// "chat.go#serve" the top-level declaration of that name with its comment; a
// method is named "Type.Method".
func Region(src fs.FS, ref string) (string, error) {
	name, decl, one := strings.Cut(ref, "#")
	data, err := fs.ReadFile(src, name)
	if err != nil || !one {
		return string(data), err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, data, parser.ParseComments)
	if err != nil {
		return "", err
	}
	for _, d := range file.Decls {
		doc, names := describe(d)
		for _, n := range names {
			if n != decl {
				continue
			}
			start := d.Pos()
			if doc != nil {
				start = doc.Pos()
			}
			return string(data[files.Position(start).Offset:files.Position(d.End()).Offset]), nil
		}
	}
	return "", fmt.Errorf("lesson: no declaration %s in %s", decl, name)
}

// ScriptRegion returns code from a page's module. "chat.js#send" is the text between the lines
// "// #region send" and "// #endregion"; "chat.js" is the whole file.
func ScriptRegion(page fs.FS, ref string) (string, error) {
	name, region, one := strings.Cut(ref, "#")
	data, err := fs.ReadFile(page, name)
	if err != nil || !one {
		return string(data), err
	}
	_, rest, begins := strings.Cut(string(data), "\n// #region "+region+"\n")
	code, _, ends := strings.Cut(rest, "\n// #endregion\n")
	if !begins || !ends {
		return "", fmt.Errorf("lesson: no region %s in %s", region, name)
	}
	return code, nil
}

func describe(d ast.Decl) (doc *ast.CommentGroup, names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Doc, []string{receiver(d) + d.Name.Name}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, n := range spec.Names {
					names = append(names, n.Name)
				}
			}
		}
		return d.Doc, names
	}
	return nil, nil
}

func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if ident, ok := t.(*ast.Ident); ok {
		return ident.Name + "."
	}
	return ""
}

var include = regexp.MustCompile(`(?m)^\{\{code "([^"]+)"\}\}$`)

// Expand returns the lesson's text with the code that it names. A line {{code "file.go#decl"}}
// becomes that Region of Source, {{code "pages/demo/demo.js#name"}} that ScriptRegion of Scripts,
// and {{code "server.mjs"}}, for Node, that of Source. A configuration, such as {{code
// "nginx.conf"}}, is shown whole. Each becomes a fenced block that names its source: "```go
// file.go#decl".
func (l Lesson) Expand(language lang.Lang) (string, error) {
	var failed error
	text := include.ReplaceAllStringFunc(l.Body.In(language), func(line string) string {
		ref := include.FindStringSubmatch(line)[1]
		language, region, files := "go", Region, l.Source
		switch file, _, _ := strings.Cut(ref, "#"); path.Ext(file) {
		case ".js":
			language, region, files = "js", ScriptRegion, l.Scripts
		case ".mjs":
			language, region = "js", ScriptRegion
		case ".conf", ".cfg", "": // of nginx, HAProxy and Caddy
			language = "conf"
		}
		code, err := region(files, ref)
		if err != nil {
			failed = err
		}
		return "```" + language + " " + ref + "\n" + strings.TrimRight(code, "\n") + "\n```"
	})
	return text, failed
}
