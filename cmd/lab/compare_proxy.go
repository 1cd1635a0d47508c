package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/middlebox"
	"realtimelab/internal/middlebox/matrix"
	"realtimelab/lessons"
)

// addProxyFlag adds the flag --proxy of lab compare.
func addProxyFlag(c *cobra.Command, text *string) {
	c.Flags().StringVar(text, "proxy", "",
		"measure instead what each transport survives behind these proxies: none, "+
			strings.Join(middlebox.Names(), ", ")+
			", or all; several between commas, and one of several kinds with plus signs")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("proxy", completeKinds))
}

// survive measures what each transport survives behind each proxy.
func (o compareOptions) survive(c *cobra.Command, proxies string) error {
	var err error
	c.Flags().Visit(func(flag *pflag.Flag) {
		if !slices.Contains([]string{"proxy", "transports", "format", "wide"}, flag.Name) &&
			err == nil {
			err = usagef(
				"--%s is for the workloads, and --proxy measures what "+
					"survives a proxy: leave one out",
				"--%s 用于测量负载，而 --proxy 测量在代理后面还能不能用：请去掉一个", flag.Name)
		}
	})
	if err != nil {
		return err
	}
	plan := matrix.Plan{Lanes: matrix.Lanes(lessons.All())}
	if plan.Proxies, err = middlebox.ParseList(proxies); err != nil {
		return usageError{fmt.Errorf("--proxy: %w", err)}
	}
	if c.Flags().Changed("transports") && !slices.Equal(o.plan.Transports, []string{"all"}) {
		if plan.Lanes, err = lanesBehindProxy(o.plan.Transports); err != nil {
			return err
		}
	}
	format := o.format
	if o.wide && format == "table" {
		format = "wide"
	}
	return measureCells(c.Context(), plan, format, c.OutOrStdout(), c.ErrOrStderr())
}

// lanesBehindProxy returns the lanes of those names, which must pass a proxy of HTTP.
func lanesBehindProxy(names []string) (lanes []lesson.Lane, err error) {
	for _, name := range names {
		_, l, ok := lesson.FindLane(lessons.All(), name)
		switch {
		case !ok:
			return nil, lang.Errorf("no transport %q; there are: %s",
				"没有传输 %q；可选：%s", name,
				strings.Join(lesson.LaneNames(lessons.All()), ", "))
		case l.UDP || l.HTTP2:
			return nil, lang.Errorf(
				"the transport %s does not pass these proxies, which speak HTTP/1.1 without TLS",
				"传输 %s 无法通过这些代理：它们只用不带 TLS 的 HTTP/1.1",
				name)
		}
		lanes = append(lanes, l)
	}
	return lanes, nil
}

func measureCells(ctx context.Context, plan matrix.Plan, format string,
	out, progress io.Writer) error {
	done, total := 0, len(plan.Lanes)*len(plan.Proxies)
	cells, err := plan.Run(ctx, func(cell matrix.Cell) {
		done++
		fmt.Fprintf(progress, "[%d/%d] %s behind %s: %s\n", done, total, cell.Transport, cell.Proxy,
			cell.Says().EN)
	})
	if err != nil {
		if ctx.Err() != nil {
			return lang.Errorf("interrupted before all cells were measured",
				"还没测完就中断了")
		}
		return err
	}
	return matrix.Print(out, cells, format)
}
