package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"realtimelab/internal/draft"
	"realtimelab/internal/host"
	"realtimelab/internal/lang"
	"realtimelab/internal/tui"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/capture"
	xrayweb "realtimelab/internal/xray/web"
)

// openOptions holds the flags of `lab xray open`.
type openOptions struct {
	xrayOptions
	file, as string
}

func xrayOpenCommand(l lang.Lang) *cobra.Command {
	o := &openOptions{}
	c := &cobra.Command{
		Use:   "open FILE",
		Short: "Show the traffic in a file",
		Long:  openHelp.In(l) + "\n\n" + filterHelp.In(l),
		Example: "  lab xray open bug.pcapng\n  lab xray open page.har --plain --filter " +
			"'event:\"chat message\"'\n  lab xray open big.pcap.gz --filter '#3' --save one.pcapng",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return lang.Errorf("name one file, such as lab xray open bug.pcapng",
					"请写一个文件，例如 lab xray open bug.pcapng")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			o.file, o.stdout, o.log = args[0], c.OutOrStdout(), c.ErrOrStderr()
			return o.run(c.Context())
		},
	}
	o.addPage(c)
	c.Flags().StringVar(&o.as, "save", "",
		"convert the file, or with --filter and --layers a part of it, "+
			"to this .pcapng, .jsonl or .har")
	cobra.CheckErr(c.MarkFlagFilename("save", "pcapng", "jsonl", "har"))
	return c
}

func (o *openOptions) run(ctx context.Context) (err error) {
	language, err := parseLang(o.lang)
	if err != nil {
		return err
	}
	if o.choice, err = o.rows.parse(); err != nil {
		return err
	}
	if o.as != "" {
		if _, err := capture.FormatOf(o.as); err != nil {
			return usageError{fmt.Errorf("--save %w", err)}
		}
	}
	spoken := cmp.Or(language, environmentLang())
	printed := o.plain || o.rows.json || o.as == "" && o.lines() && o.page == "" && !o.open
	config := capture.Config{Stream: printed && o.as == ""}
	read, shown := 0, 0
	if printed {
		printer := rowPrinter{out: o.stdout, lang: spoken, json: o.rows.json,
			heads: onTerminal(o.stdout), choice: o.choice}
		printer.printHeads()
		config.Each = func(rows []*xray.Row) error {
			read += len(rows)
			for _, row := range rows {
				shown += printer.row(row)
			}
			return ctx.Err()
		}
	}
	opened, err := o.read(config)
	if err != nil {
		return err
	}
	defer opened.Xray.Close()
	if o.as != "" {
		if err := o.convert(opened, spoken); err != nil {
			return err
		}
	}
	if read > 0 && shown == 0 && o.as == "" {
		fmt.Fprintln(o.log, "lab:", noneOf(read).In(spoken))
	}
	if printed || o.as != "" {
		tellNotes(o.log, opened, spoken)
		return o.damage(opened)
	}
	return o.show(ctx, language, opened)
}

// read opens the file.
func (o *openOptions) read(c capture.Config) (*capture.Capture, error) {
	in := io.ReadCloser(os.Stdin)
	if o.file != "-" {
		file, err := os.Open(o.file)
		if err != nil {
			return nil, err
		}
		in = file
	}
	defer in.Close()
	opened, err := capture.Open(in, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.file, err)
	}
	return opened, nil
}

// damage returns an error if the file could not be read to its end.
func (o *openOptions) damage(opened *capture.Capture) error {
	if opened.Damage == nil {
		return nil
	}
	return lang.Errorf("%s is damaged at %w; the rows before it were read",
		"%s 从这里开始损坏：%w；之前的行已读出", o.file, opened.Damage)
}

// notesOf returns what the reader should know of a file.
func (o *openOptions) notesOf(opened *capture.Capture) []lang.Text {
	notes := opened.Notes
	if err := o.damage(opened); err != nil {
		notes = append(notes, lang.Text{
			EN: fmt.Sprintf("The file is damaged at %v. The rows before it are shown.",
				opened.Damage),
			ZH: fmt.Sprintf("文件从这里开始损坏：%v。之前的行已显示。", opened.Damage),
		})
	}
	return notes
}

func tellNotes(w io.Writer, opened *capture.Capture, language lang.Lang) {
	for _, note := range opened.Notes {
		fmt.Fprintln(w, "lab:", note.In(language))
	}
}

// convert writes the chosen rows in another format.
func (o *openOptions) convert(opened *capture.Capture, language lang.Lang) error {
	format, err := capture.FormatOf(o.as)
	if err != nil {
		return err
	}
	out, err := draft.New(o.as, 0o600)
	if err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	defer out.Discard()
	rows := opened.Xray.Held()
	chosen := func(r *xray.Row) bool { return o.choice.has(r, language) }
	content, err := capture.Write(out, format, opened.Xray.Tap(), rows, chosen, "")
	switch {
	case err != nil:
		return fmt.Errorf("--save: %w", err)
	case content.Empty() && slices.ContainsFunc(rows, chosen):
		return lang.Errorf(
			"%s was not written: HAR holds HTTP requests, and the rows belong to none",
			"没有写入 %s：HAR 只存 HTTP 请求，而这些行不属于任何请求", o.as)
	case content.Empty():
		return lang.Errorf("%s was not written: %s", "没有写入 %s：%s", o.as, noneOf(len(rows)))
	}
	if err := out.Keep(); err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	fmt.Fprintln(o.log, "lab:", content.In(o.as).In(language))
	return nil
}

// show serves the page of the file until ctx ends and, in a terminal, shows the screens.
func (o *openOptions) show(ctx context.Context, language lang.Lang, opened *capture.Capture) error {
	spoken := cmp.Or(language, environmentLang())
	if o.onScreen() {
		base := filepath.Base(o.file)
		serve := func(log io.Writer) (tui.Served, error) {
			page, note, err := o.serve(language, opened, log)
			if err != nil {
				return tui.Served{}, err
			}
			o.openPage(page.url)
			running := host.Attach("xray", host.Attached{Xray: opened.Xray,
				Clients: func() int { return 0 }, Close: page.close})
			notes := append([]lang.Text{note}, o.notesOf(opened)...)
			return tui.Served{Running: running, URL: "file:" + o.file, KeyURL: page.url,
				Note: joinTexts(notes), Recorded: true}, nil
		}
		name, _, _ := strings.Cut(base, ".")
		return xrayScreens(ctx, spoken, tui.Xray{Of: base, Name: name + "-part", Serve: serve})
	}
	logs := newSpool(o.log)
	defer logs.close()
	page, note, err := o.serve(language, opened, logs)
	if err != nil {
		return err
	}
	if note != (lang.Text{}) {
		fmt.Fprintln(o.log, "lab:", note.In(spoken))
	}
	for _, note := range o.notesOf(opened) {
		fmt.Fprintln(o.log, "lab:", note.In(spoken))
	}
	o.announce("file", o.file, page.url)
	<-ctx.Done()
	return page.close(context.Background())
}

// serve serves the page of the file.
func (o *openOptions) serve(language lang.Lang, opened *capture.Capture, log io.Writer) (*xrayPage,
	lang.Text, error) {
	source := o.file
	if absolute, err := filepath.Abs(o.file); err == nil {
		source = absolute
	}
	l, note, err := listenPage(o.page, source)
	if err != nil {
		return nil, note, err
	}
	page, err := servePage(l, opened.Xray, xrayweb.Page{Lang: language, File: filepath.Base(o.file),
		Notes: o.notesOf(opened)}, o.page, nil, newLog(log))
	return page, note, err
}

// openHelp explains lab xray open.
var openHelp = lang.Text{
	EN: `Shows a capture on a page and on the screens of the terminal, or with --plain or --json on
standard output, and so without a terminal. With --page or --open it always has the page.
With --save it converts the file, and with --filter or --layers a part of it: the rows that
pass, for .pcapng their whole connections, and for .har their whole HTTP requests.

FILE is JSON lines of the x-ray (--save x.jsonl, --json), a capture of Wireshark, tcpdump or
dumpcap (pcap or pcapng, of Ethernet, loopback, Linux cooked or raw IP), or an archive of a
browser's developer tools (HAR). Any of them may be compressed with gzip. TLS stays
encrypted. FILE - is the standard input.`,
	ZH: `在页面和终端界面里显示一个抓包文件；用 --plain 或 --json，或者不在终端里时，打印到标准输出。用 --page 或
--open 时总会有页面。--save 转换文件，与 --filter 或 --layers 合用则只转换一部分：符合条件的行，
.pcapng 是这些行所在的整条连接，.har 是整个 HTTP 请求。

FILE 可以是线路透视的 JSON 行（--save x.jsonl、--json），Wireshark、tcpdump 或 dumpcap 的抓包文件
（pcap 或 pcapng；以太网、环回、Linux cooked 或原始 IP），或者浏览器开发者工具的存档（HAR）。都可以
用 gzip 压缩。TLS 仍是加密的。FILE 写 - 表示标准输入。`,
}
