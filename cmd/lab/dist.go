package main

import (
	"realtimelab/internal/dist"
	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/lessons"
)

// handouts returns the files that a class downloads: the binaries in the folder that make dist
// wrote, and the exercises.
func handouts(folder string) (*dist.Handouts, error) { return dist.New(folder, writeExercises) }

// writeExercises writes the exercises into a folder, as a student gets them.
func writeExercises(folder string) error {
	all, err := exercise.Catalogue(lessons.All())
	if err != nil {
		return err
	}
	_, err = workspace.Open(folder, all)
	return err
}
