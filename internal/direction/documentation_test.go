package direction

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// documented lists the packages that programs outside this module use.
var documented = []string{"event", "sio", "sio/admin", "sioclient", "engineio", "siopacket",
	"eiopacket", "sioredis", "siowebtransport"}

// Every exported name has a comment that begins with the name, so that go doc describes everything
// that a program can call.
func TestDocumentation(t *testing.T) {
	for _, name := range documented {
		t.Run(name, func(t *testing.T) {
			files, list := sources(t, filepath.Join("../../lessons/socketio", name))
			p, err := doc.NewFromFiles(files, list, module+"lessons/socketio/"+name)
			require.NoError(t, err)
			require.NotEmpty(t, p.Types)
			assert.Empty(t, undocumented(p))
			assert.Empty(t, hiddenAliases(list))
		})
	}
}

// sources parses the Go files of a folder without its tests.
func sources(t *testing.T, folder string) (*token.FileSet, []*ast.File) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	files, list := token.NewFileSet(), []*ast.File(nil)
	for _, entry := range entries {
		if path := filepath.Join(folder, entry.Name()); strings.HasSuffix(path, ".go") &&
			!strings.HasSuffix(path, "_test.go") {
			file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
			require.NoError(t, err)
			list = append(list, file)
		}
	}
	return files, list
}

// undocumented lists the exported names of a package whose comment is missing or does not begin
// with the name.
func undocumented(p *doc.Package) (faults []string) {
	check := func(name, text string) {
		last := name[strings.LastIndex(name, ".")+1:]
		switch begins, _ := regexp.MatchString(`^((A|An|The) )?`+last+`\b`, text); {
		case text == "":
			faults = append(faults, name+" has no comment")
		case !begins:
			faults = append(faults,
				fmt.Sprintf("the comment of %s does not begin with its name: %.60q", name, text))
		}
	}
	if !strings.HasPrefix(p.Doc, "Package "+p.Name+" ") {
		faults = append(faults,
			fmt.Sprintf("the comment of the package does not begin with its name: %.60q", p.Doc))
	}
	values := append(p.Consts, p.Vars...)
	for _, f := range p.Funcs {
		check(f.Name, f.Doc)
	}
	for _, typ := range p.Types {
		check(typ.Name, typ.Doc)
		for _, f := range append(typ.Funcs, typ.Methods...) {
			check(typ.Name+"."+f.Name, f.Doc)
		}
		values = append(append(values, typ.Consts...), typ.Vars...)
		faults = append(faults, undocumentedFields(typ)...)
	}
	for _, v := range values {
		faults = append(faults, undocumentedValues(v)...)
	}
	return faults
}

// undocumentedFields lists the exported fields of a struct, and the methods of an interface, that
// no comment describes: neither their own nor that of the lines right above, which names them.
func undocumentedFields(typ *doc.Type) (faults []string) {
	for _, spec := range typ.Decl.Specs {
		var fields *ast.FieldList
		switch t := spec.(*ast.TypeSpec).Type.(type) {
		case *ast.StructType:
			fields = t.Fields
		case *ast.InterfaceType:
			fields = t.Methods
		default:
			continue
		}
		group := typ.Doc // describes the fields of a small struct by their names
		for _, field := range fields.List {
			if text := field.Doc.Text(); text != "" {
				group = text
			}
			for _, name := range field.Names {
				named, _ := regexp.MatchString(`\b`+name.Name+`\b`, group)
				selfEvident := fmt.Sprint(field.Type) == name.Name // Type Type
				if name.IsExported() && !named && !selfEvident && field.Doc.Text() == "" &&
					field.Comment.Text() == "" {
					faults = append(faults, "the field "+typ.Name+"."+name.Name+" has no comment")
				}
			}
		}
	}
	return faults
}

// hiddenAliases lists the exported names for types of internal packages: go doc shows neither their
// fields nor their methods.
func hiddenAliases(list []*ast.File) (faults []string) {
	for _, file := range list {
		internal := map[string]bool{}
		for _, imported := range file.Imports {
			path := strings.Trim(imported.Path.Value, `"`)
			internal[path[strings.LastIndex(path, "/")+1:]] = strings.Contains(path, "/internal/")
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Assign.IsValid() &&
				spec.Name.IsExported() {
				if of, ok := spec.Type.(*ast.SelectorExpr); ok && internal[of.X.(*ast.Ident).Name] {
					faults = append(faults, spec.Name.Name+" is a type of an internal package")
				}
			}
			return true
		})
	}
	return faults
}

// undocumentedValues lists the constants or variables that neither a comment of their own describes
// nor one of their group.
func undocumentedValues(v *doc.Value) (faults []string) {
	group := v.Doc
	for _, spec := range v.Decl.Specs {
		spec := spec.(*ast.ValueSpec)
		for _, name := range spec.Names {
			if name.IsExported() && group == "" && spec.Doc.Text() == "" &&
				spec.Comment.Text() == "" {
				faults = append(faults, name.Name+" has no comment")
			}
		}
	}
	return faults
}

// The tables of methods match go doc, which lists the methods under each type, although several
// types share them.
func TestSharedMethodsAreShown(t *testing.T) {
	const (
		broadcast = "To In Except Volatile Compress Local Timeout Emit Send EmitWithAck " +
			"FetchSockets SocketsJoin SocketsLeave DisconnectSockets "
		emission  = "Emit Send EmitWithAck Volatile Compress Timeout "
		namespace = "Use OnConnection Name Len Socket Sockets Rooms OnRoom OnServerSide " +
			"ServerSideEmit ServerSideEmitWithAck "
		listeners = "On Once Prepend PrependOnce Off OnAny PrependAny " +
			"OnAnyOutgoing PrependAnyOutgoing OnError "
	)
	for pkg, types := range map[string]map[string]string{
		"sio": {
			"Broadcast": broadcast, "ParentNamespace": broadcast + "Use OnConnection",
			"RemoteSocket": broadcast,
			"Namespace":    broadcast + namespace, "Server": broadcast + namespace,
			"Socket": listeners + emission + "Use", "Emission": emission,
		},
		"sioclient": {"Socket": listeners +
			"Emit Send EmitWithAck OnConnect OnDisconnect OnConnectError"},
	} {
		files, list := sources(t, filepath.Join("../../lessons/socketio", pkg))
		p, err := doc.NewFromFiles(files, list, module+"lessons/socketio/"+pkg)
		require.NoError(t, err)
		shown := map[string]bool{}
		for _, typ := range p.Types {
			for _, f := range typ.Methods {
				shown[typ.Name+"."+f.Name] = true
			}
		}
		for name, methods := range types {
			for method := range strings.FieldsSeq(methods) {
				assert.True(t, shown[name+"."+method], "go doc %s.%s does not list %s", pkg,
					name, method)
			}
		}
	}
}
