// How a figure is made of many rounds. The machine may have other work: what disturbs a round only makes it slower, so
// that the lowest decile is what the code itself costs.

/** How many rounds: few with `--try`, which is for those who change the bench. */
export const rounds = (count) => (process.env.BENCH_TRY ? Math.min(count, 3) : count)

export const lowestDecile = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 10)]

/** Four digits: more are noise. */
export const rounded = (value) => Number(value.toPrecision(4))
