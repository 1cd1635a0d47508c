package markdown

import (
	"go/scanner"
	"go/token"
	"path"
	"regexp"
	"strings"
)

// A kind is a kind of code with its own colour.
type kind int

const (
	plain kind = iota
	keyword
	quoted // a string or a character
	comment
)

// A piece is a part of some code.
type piece struct {
	kind kind
	text string
}

// highlight splits code into pieces. Together they are the code, unchanged. Languages other than Go
// and JavaScript are one plain piece.
func highlight(language, code string) []piece {
	switch language {
	case "go":
		return highlightGo(code)
	case "js", "javascript":
		return highlightJavaScript(code)
	}
	return []piece{{plain, code}}
}

func highlightGo(code string) (all []piece) {
	var s scanner.Scanner
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(code))
	s.Init(file, []byte(code), func(token.Position, string) {}, scanner.ScanComments)
	at := 0
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			break
		}
		k := plain
		switch {
		case tok == token.COMMENT:
			k = comment
		case tok == token.STRING, tok == token.CHAR:
			k = quoted
		case tok.IsKeyword():
			k = keyword
		default:
			continue
		}
		start := file.Offset(pos)
		end := start + len(literal)
		if start < at || end > len(code) || code[start:end] != literal {
			continue // the scanner drops carriage returns
		}
		all = appendPlain(all, code[at:start])
		all = append(all, piece{k, literal})
		at = end
	}
	return appendPlain(all, code[at:])
}

var tokensJavaScript = regexp.MustCompile(`(//[^\n]*|/\*[\s\S]*?\*/)` +
	`|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|` + "`(?:[^`\\\\]|\\\\[\\s\\S])*`" + `)` +
	`|\b(?:async|await|break|case|catch|class|const|continue|default|delete|do|else|export|extends|finally|for|function|if|import|in|instanceof|let|new|of|return|static|super|switch|this|throw|try|typeof|var|void|while|yield)\b`)

func highlightJavaScript(code string) (all []piece) {
	at := 0
	for _, m := range tokensJavaScript.FindAllStringSubmatchIndex(code, -1) {
		k := keyword
		switch {
		case m[2] >= 0:
			k = comment
		case m[4] >= 0:
			k = quoted
		}
		all = appendPlain(all, code[at:m[0]])
		all = append(all, piece{k, code[m[0]:m[1]]})
		at = m[1]
	}
	return appendPlain(all, code[at:])
}

func appendPlain(all []piece, code string) []piece {
	if code == "" {
		return all
	}
	return append(all, piece{plain, code})
}

// caption returns the place of code for people: "conn.go, conn.serve" for "conn.go#conn.serve". Of
// a path it is the last part, of a diagram the title.
func caption(language, place string) string {
	if language == "diagram" {
		_, title, _ := strings.Cut(place, " ")
		return title
	}
	file, region, one := strings.Cut(place, "#")
	if one {
		region = ", " + region
	}
	return path.Base(file) + region
}
