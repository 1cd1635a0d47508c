// The columns of the board. So many exercises do not fit on a projector in readable letters: from a number on, a column is
// a lesson.

/** The number of exercises from which a column is a lesson. */
export const crowded = 30;

/**
 * Returns the columns of the board: exercises, or lessons as {lesson, exercises, open}. The exercises of the open lesson
 * follow it.
 */
export function layout(exercises, open = "") {
  if (exercises.length < crowded) return exercises;
  const lessons = [...new Set(exercises.map(({ lesson }) => lesson))];
  return lessons.flatMap((lesson) => {
    const own = exercises.filter((e) => e.lesson === lesson);
    return [{ lesson, exercises: own, open: lesson === open }, ...(lesson === open ? own : [])];
  });
}
