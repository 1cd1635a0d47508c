package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/lang"
	"realtimelab/internal/terminal"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/filter"
)

// rowPrinter prints the rows of an x-ray as they arrive.
type rowPrinter struct {
	out    io.Writer
	notes  io.Writer // says at the end that no row was chosen; nil says nothing
	name   string    // printed at the start of each line; empty for a single demo
	lang   lang.Lang
	json   bool
	heads  bool // the first line names the columns
	choice rowChoice
}

// rowHeads names the columns of xray.Row.Line, at the tab stops of the first row.
var rowHeads = lang.Text{EN: "time           \tconn\tdir\tbytes\tlayer\twhat",
	ZH: "时间           \t连接\t方向\t字节\t层\t内容"}

// printHeads prints the first line, if there is one.
func (p rowPrinter) printHeads() {
	if p.heads && !p.json {
		io.WriteString(p.out, p.prefix()+rowHeads.In(p.lang)+"\n")
	}
}

// rowChoice says which rows to print, and of a file which to convert.
type rowChoice struct {
	layers []xray.Layer // empty: all
	filter filter.Filter
}

// all reports whether every row is chosen.
func (c rowChoice) all() bool { return len(c.layers) == 0 && c.filter.Empty() }

// has reports whether a row is chosen. Words are searched for in what it says in this language.
func (c rowChoice) has(row *xray.Row, language lang.Lang) bool {
	return (len(c.layers) == 0 || slices.Contains(c.layers, row.Layer)) &&
		c.filter.Match(row, language)
}

// noneOf says that none of so many rows is chosen.
func noneOf(rows int) lang.Text {
	return lang.Text{
		EN: fmt.Sprintf("no row passed --filter and --layers, of %d", rows),
		ZH: fmt.Sprintf("%d 行中没有一行符合 --filter 和 --layers", rows),
	}
}

// rowFlags holds the flags of commands that print rows.
type rowFlags struct {
	json   bool
	layers []string
	filter string
}

// filterHelp explains the language of --filter.
var filterHelp = lang.Text{
	EN: `--filter takes terms between spaces; a row is shown if it passes every term:
  chat  "chat message"  /bread|butter/   a word, words in this order, a regular expression
  81 05                                  bytes
  #3                                     connection 3
  from:client  to:client  →  ←           a direction
  layer:ws,sse                           one of these layers
  event:"chat message"                   the event of this whole name; for a part, search a word
  kind:close                             a kind of rows, see below
  side:server                            behind the proxy of lab run --proxy; side:client before it
  size>100                               bytes; also <, >=, <= and =
  row=54                                 row 54, as "(row 54)" in other rows
  -word  -layer:tcp                      the opposite of any term

The kinds are heartbeat; upgrade; close, the end of a session, a WebSocket or a connection;
cut, the end of a connection that leaves something unfinished; end, the last piece of a
body; failure, a status of 400 or more, a refused namespace, an error of Redis, and events
whose ack did not come before the connection ended; and problem, which is failure, cut, and
what could not be read.`,
	ZH: `--filter 由空格分隔的条件组成；满足全部条件的行才显示：
  chat  "chat message"  /bread|butter/   一个词、按此顺序的几个词、正则表达式
  81 05                                  字节
  #3                                     第 3 条连接
  from:client  to:client  →  ←           方向
  layer:ws,sse                           这些层之一
  event:"chat message"                   全名如此的事件；只知道一部分就搜索词
  kind:close                             行的种类，见下
  side:server                            lab run --proxy 的代理之后；side:client 在它之前
  size>100                               字节数；还有 <、>=、<= 和 =
  row=54                                 第 54 行，即其他行里说的“第 54 行”
  -word  -layer:tcp                      任何条件前加减号表示相反

种类有：heartbeat，心跳；upgrade，升级；close，会话、WebSocket 或连接的结束；cut，连接结束时还有
未完成的内容；end，正文的最后一段；failure，400 及以上的状态、被拒绝的命名空间、Redis 的错误，
以及直到连接结束也没有等到回执的事件；problem，即 failure、cut 和读不懂的内容。`,
}

func (f *rowFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.json, "json", false, "print the x-ray's rows on stdout as JSON lines")
	c.Flags().StringSliceVar(&f.layers, "layers", nil,
		"print only the rows of these layers: "+strings.Join(layerNames(), ", "))
	c.Flags().StringVar(&f.filter, "filter", "",
		"print only the rows that pass, such as 'layer:ws -ping'; see lab xray --help")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("filter", completeFilter))
}

// completeFilter completes the last term of a filter.
func completeFilter(_ *cobra.Command, _ []string, typed string) (all []string,
	_ cobra.ShellCompDirective) {
	start, terms := filter.Complete(typed, filter.Seen{})
	for _, term := range terms {
		all = append(all, string([]rune(typed)[:start])+term)
	}
	return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func layerNames() []string {
	names := make([]string, len(xray.Layers))
	for i, l := range xray.Layers {
		names[i] = string(l)
	}
	return names
}

func (f *rowFlags) parse() (c rowChoice, err error) {
	for _, name := range f.layers {
		if !slices.Contains(xray.Layers, xray.Layer(name)) {
			return c, usagef("--layers %q: unknown layer; the layers are %s",
				"--layers %q：没有这个层；层有 %s", name,
				strings.Join(layerNames(), ", "))
		}
		c.layers = append(c.layers, xray.Layer(name))
	}
	if c.filter, err = filter.Parse(f.filter); err != nil {
		return c, usageError{fmt.Errorf("--filter %q: %w", f.filter, err)}
	}
	return c, nil
}

// rowsPerSecond bounds the rows printed as text. Rows beyond it are not read, so that a busy demo
// does not spend time on lines that scroll by too fast to see.
const rowsPerSecond = 1000

// print prints rows until the x-ray or ctx ends, and then the remaining rows.
func (p rowPrinter) print(ctx context.Context, x *xray.Xray) {
	p.printHeads()
	rows := x.Watch()
	defer func() { rows.Close() }()
	second, printed, seen, chosen := time.Now(), 0, 0, 0
	for going := true; going; {
		select {
		case <-rows.C:
		case <-x.Done():
			going = false
		case <-ctx.Done():
			going = false
		}
		if time.Since(second) >= time.Second {
			second, printed = time.Now(), 0
		}
		read, shown := p.all(rows)
		printed, seen, chosen = printed+shown, seen+read, chosen+shown
		if printed >= rowsPerSecond && !p.json && going {
			rows.Close()
			going = p.rest(ctx, x, time.Until(second.Add(time.Second)))
			rows, second, printed = x.WatchNew(), time.Now(), 0
		}
	}
	if p.notes != nil && seen > 0 && chosen == 0 {
		fmt.Fprintf(p.notes, "%slab: %s\n", p.prefix(), noneOf(seen).In(p.lang))
	}
}

// all prints the available rows, at most one second's share. It returns how many it read and
// printed.
func (p rowPrinter) all(rows *xray.Watcher) (read, printed int) {
	batch := make([]*xray.Row, 100)
	for n := rows.Read(batch); n > 0; n = rows.Read(batch) {
		read += n
		for _, row := range batch[:n] {
			printed += p.row(row)
		}
		if printed >= rowsPerSecond && !p.json {
			break
		}
	}
	return read, printed
}

// rest skips rows for the given time and says so. It reports whether to continue.
func (p rowPrinter) rest(ctx context.Context, x *xray.Xray, d time.Duration) bool {
	fmt.Fprintf(p.out,
		"%s(more than %d rows a second: the rest of this second is not shown; --json prints all)\n",
		p.prefix(), rowsPerSecond)
	select {
	case <-time.After(d):
		return true
	case <-x.Done():
	case <-ctx.Done():
	}
	return false
}

func (p rowPrinter) prefix() string {
	if p.name == "" {
		return ""
	}
	return p.name + "\t"
}

// row prints one row unless it is filtered out, and returns the number of printed rows.
func (p rowPrinter) row(row *xray.Row) int {
	if !p.choice.has(row, p.lang) {
		return 0
	}
	if !p.json {
		io.WriteString(p.out, p.prefix()+row.Line(p.lang)+"\n")
		return 1
	}
	line, err := json.Marshal(row)
	if err == nil && p.name != "" {
		line = append([]byte(fmt.Sprintf(`{"demo":%q,`, p.name)), line[1:]...)
	}
	p.out.Write(append(terminal.JSON(line), '\n'))
	return 1
}
