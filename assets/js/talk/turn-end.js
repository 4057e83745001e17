// When a turn is over. The turn model is asked more than once in a pause, as it is sure of some pauses only at first; the
// less sure it is, the longer it must stay quiet.

/** After so much quiet the model is asked. */
export const ASKED_AT_S = [0.03, 0.15];
/** It is asked as the voice falls, too, which is about the pause that begins so soon after, and is the first answer then. */
export const BEFORE_PAUSE_S = 0.25;
/** Where all of its answers are so sure, it is the end: of what it was chosen by, half of the ends and one of 34 pauses; */
export const SURE = 0.925;
/** where they are nearly so sure, it is after so much quiet; */
export const LIKELY = 0.9;
export const LIKELY_S = 1.05;
/** and after so much whatever it says: nobody pauses longer within a sentence. */
export const END_S = 1.6;

/**
 * For how long it must stay quiet.
 *
 * @param {(number | null)[]} chances what the model has answered in this pause, null where it did not
 * @returns {number} seconds
 */
export function patienceFor(chances) {
  const least = Math.min(...chances.map((chance) => chance ?? 0));
  if (least < LIKELY || chances.length < ASKED_AT_S.length) return END_S;
  return least < SURE ? LIKELY_S : 0;
}

/** Whether it need not be asked again in this pause. @param {(number | null)[]} chances */
export const isHopeless = (chances) => chances.some((chance) => (chance ?? 0) < LIKELY);
