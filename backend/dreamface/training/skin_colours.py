"""Makes `skin/canvas/skin_colours.npz`: the colour of skin by what is in it.

Two layers, as in Jacques 1998, "Skin optics", and Donner and Jensen 2006, "A spectral BSSRDF for shading human skin": a
thin epidermis with melanin over a deep dermis with blood and carotene. Reflectance spectra are turned into linear
Rec. 709 under D65 with the CIE 1931 observer. What the literature gives only as a range was fitted, inside or close to
that range, to skin that was measured on people: faces by spectrophotometer (Xiao et al. 2017, "Characterising the
variations in ethnic skin colours"; CIE TC 1-92's data, CIE x050 OP065), whose lightness L* is about 75 to 26, whose
hue angle is 40 to 70 degrees, and whose darkest, near L* 27, keep a chroma of about 15. The darkest two of Monk's tones
(Monk 2019) are greyer and darker than that: they are labels on a screen. `benchmarks/skin_tones.py` measures both.

Run it again with: python -m dreamface.training.skin_colours
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import colour
import numpy as np

from dreamface.arrays import FloatArray

OUTPUT: Final = Path(__file__).parent.parent / "skin" / "canvas" / "skin_colours.npz"

WAVELENGTHS: Final = np.arange(400.0, 701.0, 10.0)  # nanometres
STEPS: Final = {"oxygenation": 2, "carotene": 5, "blood": 17, "melanin": 25}  # table size by axis
MOST_BLOOD: Final = 2.0  # upper end of the blood axis: 1 is the reddest skin, lips and wet skin have more

# Molar extinction of haemoglobin with and without oxygen, 1 / (cm mol / l), at WAVELENGTHS. Compiled by Scott Prahl
# from W. B. Gratzer and N. Kollias, "Tabulated molar extinction coefficient for hemoglobin in water", Oregon Medical
# Laser Center, 1998.
_OXYGENATED: Final = np.array(
    [266232, 466840, 480360, 246072, 102580, 62816, 44480, 33209.2, 26629.2, 23684.4, 20932.8, 20035.2, 24202.4,
     39956.8, 53236, 43016, 32613.2, 44496, 50104, 14400.8, 3200, 1506, 942, 610, 442, 368, 319.6, 294, 277.6, 276, 290]
)  # fmt: skip
_DEOXYGENATED: Final = np.array(
    [223296, 303956, 407560, 528600, 413280, 103292, 23388.8, 16156.4, 14550, 16684, 20862, 25773.6, 31589.6, 39036.4,
     46592, 53412, 53788, 45072, 37020, 28324.4, 14677.2, 9443.6, 6509.6, 5148.8, 4345.2, 3750.12, 3226.56, 2795.12,
     2407.92, 2051.96, 1794.28]
)  # fmt: skip
_HAEMOGLOBIN: Final = 150.0 / 64500.0  # mol / l of whole blood: 150 g / l of 64 500 g / mol
_SATURATION: Final = (0.35, 0.85)  # oxygenated share of the blood at the two ends of the table: venous, arterial

# Beta-carotene in hexane peaks at 139 500 / (cm mol / l) (PhotochemCAD, Dixon et al. 2005); its band as three
# Gaussians: centre and width in nanometres, height.
_CAROTENE_BANDS: Final = ((425.0, 18.0, 70000.0), (450.0, 14.0, 118000.0), (478.0, 13.0, 105000.0))

_EPIDERMIS: Final = 0.0075  # centimetres thick
_EPIDERMAL_SCATTERING: Final = (0.2, 1.0)  # of skin's mean: without melanosomes, which scatter, and with many
_MANY_MELANOSOMES: Final = 0.06  # share of the epidermis
# In dark skin melanosomes lie singly and close together, in light skin in clusters (Szabo et al. 1969, "Racial
# differences in the fate of melanosomes in human epidermis"). Close together they scatter less. Fitted: without it, the
# darkest skin is the grey of the scattered light, at half the chroma that has been measured.
_CLOSE: Final = 0.25  # share of the epidermis at which 63 % of that has happened
_CLOSE_SUDDEN: Final = 4.0  # power of the share over that: medium skin has next to none of it
_CLOSE_SCATTERING: Final = 0.7  # of what they would scatter far from each other
_DERMAL_SCATTERING: Final = 1.1  # of skin's mean
_BASELINE: Final = 0.07  # of Jacques' skin without melanin and blood, which already holds some blood
_BLOOD: Final = (0.0002, 0.0499)  # share of the dermis at amounts 0 and 1
_BLOOD_POWER: Final = 1.6  # makes equal steps of the amount look equal
# Jacques 1998 has 6.6e11 (wavelength / nm)^-3.33 for melanosomes: the same at 600 nm, but flatter, since light that
# meets a cluster is all but swallowed by it and what passes between them is not coloured (the sieve effect), up to
# Jacques' where they lie singly. Fitted: the steeper one makes medium skin more orange than any that was measured.
_MELANOSOME: Final = 370.0  # 1 / cm at 600 nm
_MELANOSOME_SLOPES: Final = (2.8, 3.33)  # in clusters, and singly
_CAROTENE: Final = 0.7e-5  # mol / l at amount 1
_MELANOSOMES: Final = (1e-5, 0.32)  # share of the epidermis at amounts 0 and 1: from the palest to the darkest people
_TYPICAL: Final = (0.8, 0.3, 0.45)  # oxygenation, carotene and blood that equal steps of melanin look equal with
_LN10: Final = 2.302585


def main() -> None:
    """Write the table."""
    np.savez_compressed(OUTPUT, linear=skin_colours().astype(np.float32))


def skin_colours() -> FloatArray:
    """[oxygenation, carotene, blood, melanin, 3] linear Rec. 709; axes run from 0 to 1, blood to `MOST_BLOOD`."""
    axes = [np.linspace(0.0, MOST_BLOOD if name == "blood" else 1.0, count) for name, count in STEPS.items()]
    oxygenation, carotene, blood, melanin = np.meshgrid(*axes, indexing="ij")
    return to_linear(reflectance(oxygenation, carotene, blood, melanin))


def reflectance(oxygenation: FloatArray, carotene: FloatArray, blood: FloatArray, melanin: FloatArray) -> FloatArray:
    """[..., 31] diffuse reflectance of skin at WAVELENGTHS, for amounts [...] as in the table."""
    return _reflectance(oxygenation, carotene, blood, melanin_fraction(melanin))


def _reflectance(oxygenation: FloatArray, carotene: FloatArray, blood: FloatArray, fraction: FloatArray) -> FloatArray:
    """[..., 31] for a share of melanosomes.

    Light that comes back from the dermis passes the epidermis twice and bounces between both (Kubelka 1954, "New
    contributions to the optics of intensely light-scattering materials. Part II").
    """
    mirrored, passed = _epidermis(fraction)
    dermis = _deep_reflectance(_dermal_absorption(oxygenation, carotene, blood), _DERMAL_SCATTERING * _scattering())
    return mirrored + passed**2 * dermis / (1.0 - mirrored * dermis)


def melanin_fraction(amount: FloatArray) -> FloatArray:
    """Share of the epidermis that is melanosomes: steps of the amount look about equal.

    Jacques 1998 gives 1.3 to 6.3 % for light, 11 to 16 % for moderately and 18 to 43 % for darkly pigmented skin. The
    lightness L* of skin with typical blood falls from the lightest to the darkest by 0.82 m + 0.18 m^3 of the way.
    """
    fractions = np.concatenate(([_MELANOSOMES[0]], np.geomspace(1e-4, 1.0, 400) * _MELANOSOMES[1]))
    oxygenation, carotene, blood = (np.full_like(fractions, value) for value in _TYPICAL)
    lightness = _lightness(to_linear(_reflectance(oxygenation, carotene, blood, fractions)))
    asked = lightness[0] + (lightness[-1] - lightness[0]) * (0.82 * amount + 0.18 * amount**3)
    found: FloatArray = np.interp(-asked, -lightness, fractions)
    return found


def _lightness(linear: FloatArray) -> FloatArray:
    """[...] CIE 1976 L* of linear Rec. 709 [..., 3]."""
    luminance = linear @ colour.RGB_COLOURSPACES["ITU-R BT.709"].matrix_RGB_to_XYZ[1]
    found: FloatArray = np.asarray(colour.colorimetry.lightness_CIE1976(100.0 * luminance, 100.0))
    return found


def to_linear(spectra: FloatArray) -> FloatArray:
    """[..., 31] reflectance to [..., 3] linear Rec. 709 under D65, clipped to the gamut."""
    shape = colour.SpectralShape(WAVELENGTHS[0], WAVELENGTHS[-1], WAVELENGTHS[1] - WAVELENGTHS[0])
    observer = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"].copy().align(shape).values
    light = colour.SDS_ILLUMINANTS["D65"].copy().align(shape).values
    weights = observer * light[:, None]
    tristimulus = spectra @ weights / weights[:, 1].sum()
    matrix = colour.RGB_COLOURSPACES["ITU-R BT.709"].matrix_XYZ_to_RGB
    return np.clip(tristimulus @ matrix.T, 1e-4, 1.0)


def _epidermis(fraction: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Reflected and passed share of diffuse light at a turbid layer (Kubelka and Munk 1931), both [..., 31]."""
    close = 1.0 - np.exp(-((fraction[..., None] / _CLOSE) ** _CLOSE_SUDDEN))
    clustered, single = _MELANOSOME_SLOPES
    melanosome = _MELANOSOME * (WAVELENGTHS / 600.0) ** -(clustered + (single - clustered) * close)
    absorption = fraction[..., None] * melanosome + (1.0 - fraction[..., None]) * _baseline()
    # The theory's coefficients count the mean slant of diffuse light: K = 2 mu_a, S = 3/4 mu_s'.
    clear, cloudy = _EPIDERMAL_SCATTERING
    share = cloudy + (clear - cloudy) * np.exp(-fraction[..., None] / _MANY_MELANOSOMES)
    scattering = 0.75 * share * (1.0 + (_CLOSE_SCATTERING - 1.0) * close) * _scattering()
    ratio = 1.0 + 2.0 * absorption / scattering
    root = np.sqrt(ratio**2 - 1.0)
    depth = root * scattering * _EPIDERMIS
    bottom = ratio * np.sinh(depth) + root * np.cosh(depth)
    return np.sinh(depth) / bottom, root / bottom


def _baseline() -> FloatArray:
    """1 / cm: skin without melanin and blood (Jacques 1998, after Saidi)."""
    return _BASELINE * (0.244 + 85.3 * np.exp(-(WAVELENGTHS - 154.0) / 66.2))


def _scattering() -> FloatArray:
    """1 / cm, reduced: mean over published skin (Jacques 2013, "Optical properties of biological tissues", table 1)."""
    return 46.0 * (WAVELENGTHS / 500.0) ** -1.421


def _dermal_absorption(oxygenation: FloatArray, carotene: FloatArray, blood: FloatArray) -> FloatArray:
    """1 / cm."""
    venous, arterial = _SATURATION
    saturation = (venous + (arterial - venous) * oxygenation)[..., None]
    whole_blood = _LN10 * _HAEMOGLOBIN * (saturation * _OXYGENATED + (1.0 - saturation) * _DEOXYGENATED)
    fraction = (_BLOOD[0] + (_BLOOD[1] - _BLOOD[0]) * blood**_BLOOD_POWER)[..., None]
    bands = [height * np.exp(-0.5 * ((WAVELENGTHS - centre) / width) ** 2) for centre, width, height in _CAROTENE_BANDS]
    yellow = _LN10 * _CAROTENE * carotene[..., None] * np.sum(bands, axis=0)
    return (1.0 - fraction) * _baseline() + fraction * whole_blood + yellow


def _deep_reflectance(absorption: FloatArray, scattering: FloatArray) -> FloatArray:
    """Share of diffuse light that a deep layer gives back: the dipole's total (Jensen et al. 2001, equation 15).

    The boundary to the epidermis has the same refractive index on both sides, so that the equation's A is 1.
    """
    albedo = scattering / (absorption + scattering)
    root = np.sqrt(3.0 * (1.0 - albedo))
    return 0.5 * albedo * (1.0 + np.exp(-4.0 / 3.0 * root)) * np.exp(-root)


if __name__ == "__main__":
    main()
