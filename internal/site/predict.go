package site

import (
	"encoding/json"
	"errors"
	"log/slog"
	"mime"
	"net/http"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/check"
	"realtimelab/internal/exercise/predict"
	"realtimelab/internal/lang"
)

// maxPrediction bounds the body of a prediction, in bytes.
const maxPrediction = 64 << 10

// A prediction is the body of a request to check answers.
type prediction struct {
	Answers map[string]string `json:"answers"` // by slot
	Tries   map[string]int    `json:"tries"`   // wrong answers so far, by slot
}

// A verdict is the answer to a prediction.
type verdict struct {
	Passed bool `json:"passed"`
	// number of right slots before the first wrong one
	Passing int    `json:"passing"`
	Slot    string `json:"slot,omitempty"`    // the first slot that is not right
	Message string `json:"message,omitempty"` // in the reader's language
	// the message in both languages, for a class's board
	Text lang.Text `json:"text,omitzero"`
	// without the right values until they are revealed
	Fields []check.Field `json:"fields,omitempty"`
	Answer string        `json:"answer,omitempty"` // the right bytes, when they are revealed
	// this was a wrong answer, not a missing or an unreadable one
	Counts bool `json:"counts"`
}

// checkPrediction checks the answers to an exercise of the kind "predict". The content type keeps
// other origins out: a browser asks before it sends JSON to another origin.
func (c Config) checkPrediction(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, message string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]string{"error": message})
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil ||
		kind != "application/json" {
		refuse(http.StatusUnsupportedMediaType, "want Content-Type: application/json")
		return
	}
	all, at, ok := c.findExercise(w, r)
	if !ok {
		return
	}
	e := all[at]
	if e.Kind != exercise.Predict {
		refuse(http.StatusNotFound, "this exercise has nothing to predict")
		return
	}
	var p prediction
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPrediction)).
		Decode(&p); err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			refuse(http.StatusRequestEntityTooLarge, "the answers are too long")
		} else {
			refuse(http.StatusBadRequest,
				"want JSON: {\"answers\": {\"SLOT\": \"…\"}, \"tries\": {\"SLOT\": 0}}")
		}
		return
	}
	report, err := predict.CheckAnswers(e, p.Answers, func(slot string) int {
		return p.Tries[slot]
	})
	if err != nil {
		c.Log.Error("cannot check a prediction", slog.String("exercise", e.Name),
			slog.Any("error", err))
		refuse(http.StatusInternalServerError,
			"the exercise cannot be checked; the lab's log says why")
		return
	}
	v := verdict{Passed: report.Passed, Passing: report.Passing}
	if problem := report.Problem; problem != nil {
		v.Slot, v.Text, v.Message, v.Fields, v.Answer, v.Counts = problem.Slot, problem.Text,
			problem.Text.In(c.readerLang(r)), problem.Fields, problem.Answer, problem.Counts
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(v)
}
