//go:build !unix

package main

func allowBackground() {}
