package lang

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMessage(t *testing.T) {
	inner := Errorf("no network %q%s", "没有网络 %q%s", "5g",
		Text{EN: "; a 3g?", ZH: "；是 3g 吗？"})
	_, missing := os.Open(filepath.Join(t.TempDir(), "none"))
	var at *fs.PathError
	require.ErrorAs(t, missing, &at)
	taken := &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind",
		syscall.EADDRINUSE)}
	unknown := &net.DNSError{Err: "no such host", Name: "x.invalid", IsNotFound: true}
	for _, c := range []struct {
		err    error
		en, zh string
	}{
		{inner, `no network "5g"; a 3g?`, `没有网络 "5g"；是 3g 吗？`},
		{fmt.Errorf("--net: %w", inner), `--net: no network "5g"; a 3g?`,
			`--net: 没有网络 "5g"；是 3g 吗？`},
		{Errorf("wrong: %w", "有误：%w", inner), `wrong: no network "5g"; a 3g?`,
			`有误：没有网络 "5g"；是 3g 吗？`},
		{errors.Join(inner, errors.New("other")), "no network \"5g\"; a 3g?\nother",
			"没有网络 \"5g\"；是 3g 吗？\nother"},
		{missing, missing.Error(), "open " + at.Path + ": 没有这个文件或目录"},
		{taken, "listen tcp: bind: address already in use", "listen tcp: bind: 地址已被占用"},
		{unknown, "lookup x.invalid: no such host", "lookup x.invalid: 没有这个主机名"},
		{errors.New("only English"), "only English", "only English"},
	} {
		assert.Equal(t, c.en, Message(c.err, English))
		assert.Equal(t, c.en, c.err.Error())
		assert.Equal(t, c.zh, Message(c.err, Chinese))
	}
	assert.ErrorIs(t, Errorf("a %w", "甲 %w", missing), fs.ErrNotExist)
}

// verb matches a verb of a format: its index, flags and letter.
var verb = regexp.MustCompile(`%(\[\d+\])?[-+# 0]*[\d.]*([a-zA-Z%])`)

// verbs returns the arguments that a format takes, in the order of the arguments: 1w 2q.
func verbs(format string) (all []string) {
	next := 1
	for _, m := range verb.FindAllStringSubmatch(format, -1) {
		if m[2] == "%" {
			continue
		}
		if m[1] != "" {
			next, _ = strconv.Atoi(strings.Trim(m[1], "[]"))
		}
		all = append(all, fmt.Sprint(next, m[2]))
		next++
	}
	return all
}

// literal returns the text of string literals that are added up.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		a, okA := literal(e.X)
		b, okB := literal(e.Y)
		return a + b, okA && okB
	}
	return "", false
}

// isCount reports whether an argument is a call of Counted.
func isCount(arg ast.Expr) bool {
	call, ok := arg.(*ast.CallExpr)
	if !ok {
		return false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && f.Sel.Name == "Counted"
}

// TestErrorsAgreeInBothLanguages looks at each pair of formats: go vet does not know that they take
// the same arguments.
func TestErrorsAgreeInBothLanguages(t *testing.T) {
	before := map[string]int{"Errorf": 0, "usagef": 0, "failf": 1, "refuse": 1,
		"fail": 0} // the formats
	found := 0
	look := func(n ast.Node, files *token.FileSet) {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return
		}
		name := ""
		switch f := call.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			if of, ok := f.X.(*ast.Ident); ok && (of.Name == "lang" || f.Sel.Name == "fail") {
				name = f.Sel.Name
			}
		}
		at, known := before[name]
		if !known || len(call.Args) < at+2 {
			return
		}
		en, ok := literal(call.Args[at])
		zh, both := literal(call.Args[at+1])
		if !ok || !both {
			return
		}
		found++
		args := len(call.Args) - at - 2
		where := files.Position(call.Pos())
		want := verbs(zh)
		for i, arg := range call.Args[at+2:] {
			if j := slices.Index(want, fmt.Sprint(i+1, "d")); j >= 0 && isCount(arg) {
				want[j] = fmt.Sprint(i+1, "s") // see Count
			}
		}
		assert.ElementsMatch(t, verbs(en), want, "%s: %q and %q", where, en, zh)
		used := map[string]bool{}
		for _, v := range verbs(en) {
			used[strings.TrimRight(v, "abcdefghijklmnopqrstuvwxyzX ")] = true
		}
		assert.Len(t, used, args, "%s: the arguments of %q", where, en)
	}
	for _, dir := range []string{"../../cmd", "../../internal"} {
		require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") ||
				strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(source), `realtimelab/internal/lang"`) {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, source, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool { look(n, files); return true })
			return nil
		}))
	}
	assert.Greater(t, found, 100, "the pairs of formats")
}
