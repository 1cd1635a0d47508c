package main

import (
	"cmp"
	"context"
	"io"
	"strings"

	"realtimelab/internal/compare"
	"realtimelab/internal/host"
	"realtimelab/internal/lang"
	"realtimelab/internal/tui"
)

// onScreens returns the x-ray in front of the target for the screens of the terminal.
func (o *xrayOptions) onScreens(ctx context.Context, language lang.Lang, target target) tui.Xray {
	serve := func(log io.Writer) (tui.Served, error) {
		front, err := o.start(ctx, language, target, log)
		if err != nil {
			return tui.Served{}, err
		}
		o.openPage(front.page.url)
		running := host.Attach("xray", host.Attached{
			Xray: front.xray, Close: front.close,
			Clients: func() int { return front.xray.Counters().Open },
		})
		return tui.Served{Running: running, URL: front.at, KeyURL: front.page.url,
			Note: joinTexts(front.notes)}, nil
	}
	return tui.Xray{Of: target.url.Redacted(), Serve: serve,
		Name: strings.ReplaceAll(target.url.Host, ":", "-")}
}

// xrayScreens shows one x-ray on the screens of the terminal.
func xrayScreens(ctx context.Context, language lang.Lang, x tui.Xray) error {
	return wholeTerminal(language, func() error {
		return tui.Run(ctx, tui.Config{Lang: language, Xray: &x, Open: openBrowser,
			Copy: copyToClipboard})
	})
}

// openPage opens the page if --open asks for it.
func (o *xrayOptions) openPage(url string) {
	if o.open {
		openOrPrint(o.log, url, cmp.Or(lang.Lang(o.lang), environmentLang()))
	}
}

// measureOnScreen runs a comparison of the screens.
func measureOnScreen(ctx context.Context, c compare.Config,
	tell func(compare.Progress)) (*compare.Report, error) {
	runner, err := newRunner()
	if err != nil {
		return nil, err
	}
	return runner.Run(ctx, c, tell)
}

// joinTexts joins sentences into one text.
func joinTexts(all []lang.Text) lang.Text {
	var en, zh []string
	for _, t := range all {
		en, zh = append(en, t.EN), append(zh, t.ZH)
	}
	return lang.Text{EN: strings.Join(en, "  "), ZH: strings.Join(zh, "  ")}
}
