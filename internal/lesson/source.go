package lesson

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"regexp"
	"strings"
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

// Expand returns the lesson's text with each line {{code "file.go#decl"}}
// replaced by that region, as a fenced block.
func (l Lesson) Expand(lang Lang) (string, error) {
	var failed error
	text := include.ReplaceAllStringFunc(l.Body.In(lang), func(line string) string {
		code, err := Region(l.Source, include.FindStringSubmatch(line)[1])
		if err != nil {
			failed = err
		}
		return "```go\n" + strings.TrimRight(code, "\n") + "\n```"
	})
	return text, failed
}
