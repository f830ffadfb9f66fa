//! Hypothesis tests, effect sizes, many tests at once, planning, and tests that may be looked
//! at any time, for samples of performance measurements.
//!
//! | Question                                              | Item                              |
//! | ----------------------------------------------------- | --------------------------------- |
//! | **Two samples**                                       |                                   |
//! | Do the means differ?                                  | [`welch`], [`student`], [`yuen_welch`] (trimmed) |
//! | Does one sample tend to exceed the other?             | [`mann_whitney`], [`brunner_munzel`] (whatever the shapes) |
//! | Do the distributions differ anywhere, or on the whole? | [`kolmogorov_smirnov`], [`cramer_von_mises`] |
//! | Did paired measurements change?                       | [`paired`], [`wilcoxon_signed_rank`], [`sign_test`] |
//! | Is a mean this value?                                 | [`one_sample`]                    |
//! | **Several samples**                                   |                                   |
//! | Do the means of several groups differ?                | [`welch_anova`]                   |
//! | Does one of several groups tend to be larger?         | [`kruskal_wallis`], [`mood_median`], [`friedman`] (in blocks) |
//! | Which of them?                                        | [`dunn`], [`friedman_pairs`]      |
//! | Do several groups spread alike?                       | [`brown_forsythe`], [`levene`], [`fligner_killeen`] |
//! | Do several groups come from one distribution?         | [`anderson_darling`], [`anderson_darling_permuted`] |
//! | **One sample**                                        |                                   |
//! | Could the data be normal?                             | [`shapiro_wilk`], [`jarque_bera`] |
//! | Does a series rise or fall, and how fast?             | [`mann_kendall`], [`theil_sen`]   |
//! | Is the order of a series about its median random?     | [`runs_test`]                     |
//! | **Counts**                                            |                                   |
//! | How sure is a share?                                  | [`Proportion`]                    |
//! | Is a share this value?                                | [`binomial_test`]                 |
//! | Do two shares differ, and by how much?                | [`two_proportions_z`], [`fisher_exact`], [`difference_newcombe`] |
//! | Are rows and columns of a table related?              | [`chi_square_table`]              |
//! | Do counts follow given shares? Was traffic split as meant? | [`goodness_of_fit`], [`sample_ratio`] |
//! | Did paired outcomes change?                           | [`mcnemar`]                       |
//! | **Equivalence**                                       |                                   |
//! | Are two samples the same, within margins?             | [`tost_welch`], [`tost_pooled`], [`tost_paired`], [`tost_mann_whitney`], [`tost_ratio`] |
//! | Is the change below a margin?                         | [`non_inferiority_welch`]         |
//! | **Effect sizes**                                      |                                   |
//! | How often is one sample above another?                | [`vargha_delaney`], [`cliffs_delta`], [`cliffs_delta_interval`], [`vargha_delaney_interval`] |
//! | By how much is it shifted?                            | [`hodges_lehmann`]                |
//! | By what factor did it change?                         | [`ratio_of_means`], [`ratio_of_medians`], [`hodges_lehmann_ratio`] |
//! | How large is the difference in standard deviations?   | [`cohens_d`], [`hedges_g`], [`glass_delta`] |
//! | How one-sided are paired changes?                     | [`rank_biserial`]                 |
//! | By what factor do two shares differ?                  | [`odds_ratio`], [`risk_ratio`], [`ratio_score`], [`cohens_h`] |
//! | **Strata**                                            |                                   |
//! | Do categories share one effect, and which?            | [`heterogeneity`]                 |
//! | **Many tests**                                        |                                   |
//! | Which of many p-values count?                         | [`Correction`] and a function each |
//! | At which level are a family's intervals shown?        | [`fcr_level`]                     |
//! | Can this design reach significance at all?            | [`smallest_p_permutation`], [`attainable`] |
//! | **Planning**                                          |                                   |
//! | How many observations find a difference of means?     | [`t_sample_size`], [`t_power`], [`t_minimum_detectable_effect`] |
//! | … a shift, a difference of shares?                    | [`mann_whitney_sample_size`], [`two_proportion_sample_size`] |
//! | … let a percentile objective pass?                    | [`gate_sample_size`], [`gate_power`], [`gate_detectable_share`] |
//! | … of means, by coefficient of variation, or of runs?  | [`mean_change_sample_size`], [`mean_change_detectable`], [`run_cv`] |
//! | … a change of a percentile?                           | [`quantile_change_sample_size`], [`quantile_change_detectable`] |
//! | How noisy is a pilot sample?                          | [`pilot_mean`], [`pilot_quantile`], [`pilot_superiority`] |
//! | How many misses pass, how many fail?                  | [`gate_misses`], [`gate_outcomes`], [`samples_to_fail`] |
//! | **Any time valid**                                    |                                   |
//! | May one look after every observation?                 | [`sequential`]                    |
//!
//! ```
//! # use tailproof_core::Sample;
//! # use tailproof_hypothesis::cliffs_delta;
//! let before = Sample::new(vec![12.1, 11.8, 12.6, 12.3])?; // ms
//! let after = Sample::new(vec![11.2, 11.0, 11.9, 11.4])?; // ms
//! assert_eq!(cliffs_delta(&before, &after), 0.875);
//! # Ok::<(), tailproof_core::SampleError>(())
//! ```
//!
//! p-values come in three directions ([`PValues`]): `less` and `greater` speak of the first
//! sample, as in R and SciPy. Differences and effects are the change from the first sample to
//! the second. No function does I/O. Permutation tests are in `tailproof_resampling`,
//! distributions in [`tailproof_core::distributions`].

mod anderson_darling;
mod binomial_test;
mod brunner_munzel;
mod chi_square;
mod cramer_von_mises;
mod dominance;
mod dunn;
mod effect_interval;
mod equivalence;
mod error;
mod family;
mod fisher;
mod fligner_killeen;
mod friedman;
mod groups;
mod heterogeneity;
mod hodges_lehmann;
mod jarque_bera;
mod kolmogorov_smirnov;
mod kruskal_wallis;
mod levene;
mod mann_kendall;
mod mann_whitney;
mod mcnemar;
mod merge;
mod mood_median;
mod multiplicity;
mod noncentral_t;
mod odds;
mod p_values;
mod paired;
mod power;
mod power_change;
mod power_gate;
mod power_log_normal;
mod power_percentile;
mod power_pilot;
mod power_proportion;
mod power_quantile;
mod power_rank;
mod power_t;
mod proportion;
mod ranks;
mod rate_ratio;
mod ratio;
mod runs_test;
pub mod sequential;
mod shapiro_wilk;
mod sign;
mod standardized;
mod t_test;
mod theil_sen;
mod two_proportions;
mod unlikely;
mod welch;
mod welch_anova;
mod wilcoxon;
mod yuen;

pub use anderson_darling::{
    AndersonDarling, AndersonDarlingPermuted, AndersonDarlingVariant, TableLimit, anderson_darling,
    anderson_darling_permuted,
};
pub use binomial_test::binomial_test;
pub use brunner_munzel::{BrunnerMunzel, brunner_munzel};
pub use chi_square::{ChiSquare, SampleRatio, chi_square_table, goodness_of_fit, sample_ratio};
pub use cramer_von_mises::{CramerVonMises, cramer_von_mises};
pub use dominance::{Pairs, PerformanceClass, cliffs_delta, vargha_delaney};
pub use dunn::{RankPair, dunn, friedman_pairs};
pub use effect_interval::{
    HodgesLehmannRatio, RankBiserial, cliffs_delta_interval, hodges_lehmann_ratio, rank_biserial,
    vargha_delaney_interval,
};
pub use equivalence::{
    Equivalence, NonInferiority, RankEquivalence, non_inferiority_welch, tost_mann_whitney,
    tost_paired, tost_pooled, tost_ratio, tost_welch,
};
pub use error::TestError;
pub use family::{Attainable, attainable, fcr_level, smallest_p_permutation, smallest_p_signed};
pub use fisher::{Fisher, fisher_exact};
pub use fligner_killeen::{FlignerKilleen, fligner_killeen};
pub use friedman::{Friedman, friedman};
pub use heterogeneity::{Estimated, Heterogeneity, Stratum, heterogeneity, without_error};
pub use hodges_lehmann::{HodgesLehmann, hodges_lehmann};
pub use jarque_bera::{JarqueBera, jarque_bera};
pub use kolmogorov_smirnov::{KolmogorovSmirnov, kolmogorov_smirnov};
pub use kruskal_wallis::{KruskalWallis, kruskal_wallis};
pub use levene::{Center, Levene, brown_forsythe, levene};
pub use mann_kendall::{MannKendall, mann_kendall};
pub use mann_whitney::{MannWhitney, Method, mann_whitney};
pub use mcnemar::{Discordant, McNemar, mcnemar};
pub use mood_median::{MedianTies, MoodMedian, mood_median};
pub use multiplicity::{
    Correction, benjamini_hochberg, benjamini_yekutieli, bonferroni, hochberg, holm, holm_sidak,
    hommel, sidak,
};
pub use noncentral_t::noncentral_t_cdf;
pub use odds::{TableRatio, cohens_h, odds_ratio, risk_ratio};
pub use p_values::PValues;
pub use paired::{one_sample, paired};
pub use power::power_factor;
pub use power_change::{
    mann_whitney_detectable, mean_change_detectable, mean_change_power, mean_change_sample_size,
    run_cv,
};
pub use power_gate::{GateMisses, GateOutcomes, gate_misses, gate_outcomes, samples_to_fail};
pub use power_log_normal::{log_normal_change, log_normal_noise, log_normal_superiority};
pub use power_percentile::{quantile_change_detectable, quantile_change_sample_size};
pub use power_pilot::{
    PilotNoise, pilot_change, pilot_mean, pilot_quantile, pilot_rank_time, pilot_superiority,
    sd_uncertainty,
};
pub use power_proportion::{ProportionPlan, two_proportion_power, two_proportion_sample_size};
pub use power_quantile::{gate_detectable_share, gate_power, gate_sample_size};
pub use power_rank::{mann_whitney_power, mann_whitney_sample_size};
pub use power_t::{
    SampleSize, Tail, t_minimum_detectable_effect, t_one_sample_power, t_power, t_sample_size,
};
pub use proportion::Proportion;
pub use rate_ratio::{
    ratio_score, ratio_score_uncorrected, ratio_score_z, ratio_score_z_uncorrected,
};
pub use ratio::{FiellerSet, MedianRatio, Ratio, ratio_of_means, ratio_of_medians};
pub use runs_test::{RunsTest, runs_test};
pub use shapiro_wilk::{ShapiroWilk, shapiro_wilk};
pub use sign::{SignTest, sign_test};
pub use standardized::{
    EffectError, Standardized, cohens_d, cohens_d_document, cohens_d_interval, glass_delta,
    hedges_g,
};
pub use t_test::{TTest, student, student_from_summary};
pub use theil_sen::{TheilSen, theil_sen, theil_sen_by_index};
pub use two_proportions::{
    TwoProportions, difference_agresti_caffo, difference_newcombe, difference_score,
    difference_wald, two_proportions_z,
};
pub use welch::{welch, welch_from_summary};
pub use welch_anova::{WelchAnova, welch_anova};
pub use wilcoxon::{Wilcoxon, ZeroHandling, wilcoxon_signed_rank};
pub use yuen::yuen_welch;
