package direction

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// blocking lists functions and methods that write, read, close a connection, wait, or call a
// program's callback.
var blocking = map[string]bool{
	"Accept": true, "Close": true, "CloseWrite": true, "Copy": true, "Dial": true,
	"DialContext": true, "Do": true, "Emit": true,
	"EmitWithAck": true, "Flush": true,
	"Read": true, "ReadAll": true, "ReadFull": true, "Serve": true, "ServeHTTP": true,
	"Shutdown": true, "Sleep": true, "Wait": true, "Write": true,
	"WriteControl": true, "WriteMessage": true, "WriteString": true,
}

// permitted lists functions whose calls under a lock do not block others, each with the reason.
var permitted = map[string]string{
	"cmd/lab/run.go Write": "the lock serialises the writes",
	"internal/compare/process.go ask": "the lock serialises " +
		"questions and answers",
	"internal/labtest/failure.go keepEvidence": "the lock serialises the writes",
	"internal/labtest/firefox.go call":         "the lock serialises the writes",
	"internal/tap/conn.go Write": "the lock serialises the writes of " +
		"one connection with their record",
	"internal/tui/monitor.go Close": "closing a Watcher takes it off a list",
	"internal/tui/monitor.go sample": "reading a Watcher copies from " +
		"memory, and closing it takes it off a list",
	"lessons/socketio/internal/gather/gather.go FlushAll": "the lock serialises the writes " +
		"of one connection",
	"lessons/socketio/internal/clientfile/clientfile.go in": "it compresses into memory, once",
}

// TestNoIOUnderALock reads the code between a Lock and its Unlock in every function. It sees only
// the calls in this code, not the calls that they make.
func TestNoIOUnderALock(t *testing.T) {
	unseen := map[string]bool{}
	for where := range permitted {
		unseen[where] = true
	}
	eachGoFile(t, func(name string, source []byte) {
		if strings.HasSuffix(name, "_test.go") || isIn(name, "exercises") {
			return
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, source, 0)
		require.NoError(t, err)
		for _, declared := range file.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			where := name + " " + f.Name.Name
			for _, call := range locked(f.Body.List) {
				delete(unseen, where)
				assert.NotEmpty(t, permitted[where], "%s: %s is called under a lock",
					set.Position(call.Pos()), call.Sel.Name)
			}
		}
	})
	assert.Empty(t, unseen, "these no longer block under a lock: take them off the list")
}

// locked returns the blocking calls between a Lock and its Unlock in a list of statements. A
// deferred Unlock comes after the last.
func locked(list []ast.Stmt) (calls []*ast.SelectorExpr) {
	held := 0
	for _, statement := range list {
		switch calledAlone(statement) {
		case "Lock", "RLock":
			held++
			continue
		case "Unlock", "RUnlock":
			held--
			continue
		}
		ast.Inspect(statement, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt, *ast.DeferStmt:
				return false
			case *ast.FuncLit:
				calls = append(calls, locked(n.Body.List)...)
				return false
			case *ast.ForStmt:
				// a sync.Cond's, which releases the lock
				return len(n.Body.List) != 1 || calledAlone(n.Body.List[0]) != "Wait"
			case *ast.BlockStmt:
				if held <= 0 {
					calls = append(calls, locked(n.List)...)
					return false
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && held > 0 && blocking[f.Sel.Name] {
					calls = append(calls, f)
				}
			}
			return true
		})
	}
	return calls
}

// calledAlone returns the name of the method that a statement calls, if that is all it does.
func calledAlone(s ast.Stmt) string {
	e, ok := s.(*ast.ExprStmt)
	if !ok {
		return ""
	}
	c, ok := e.X.(*ast.CallExpr)
	if !ok {
		return ""
	}
	f, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	return f.Sel.Name
}

func TestIOUnderALockIsSeen(t *testing.T) {
	for body, want := range map[string]int{
		"mu.Lock(); defer mu.Unlock(); for c := range all { c.Close() }":        1,
		"mu.Lock(); c.Close(); mu.Unlock(); c.Close()":                          1,
		"if x { mu.RLock(); io.WriteString(w, s); mu.RUnlock() }; c.Write(p)":   1,
		"after(func() { mu.Lock(); defer mu.Unlock(); running.Wait() })":        1,
		"mu.Lock(); go c.Close(); mu.Unlock()":                                  0,
		"mu.Lock(); for n > 0 { empty.Wait() }; mu.Unlock()":                    0,
		"mu.Lock(); mu.Unlock(); for _, c := range all { c.Close() }; c.Wait()": 0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package p; func f() { "+body+" }", 0)
		require.NoError(t, err)
		assert.Len(t, locked(file.Decls[0].(*ast.FuncDecl).Body.List), want, body)
	}
}
