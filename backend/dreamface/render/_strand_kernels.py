"""Warp kernels for hair; only previews with strands import this module, so that others need not compile it."""

# mypy: ignore-errors
# Warp's kernels are a language of their own in Python's clothes: annotations are values, and a variable that changes in
# a loop must start as float(...).
# ruff: noqa: UP018
import warp as wp

from dreamface.render._kernels import seen_from

# ------------------------------------------------------------------------------------------------------------- shadows


@wp.func
def texel_of(place: wp.vec3, nearest: float, thickness: float):
    """Column, row and slice of a projected point (pixel x, pixel y, 1 / depth); whole numbers are cells' middles."""
    return wp.vec3(place[0] - 0.5, place[1] - 0.5, (1.0 / place[2] - nearest) / thickness - 0.5)


@wp.kernel(enable_backward=False)
def splat_optical_depth(
    points: wp.array(dtype=wp.vec3),
    areas: wp.array(dtype=wp.float32),
    cameras: wp.array(dtype=wp.mat33),
    positions: wp.array(dtype=wp.vec3),
    focals: wp.array(dtype=wp.float32),
    nearest: wp.array(dtype=wp.float32),
    thickness: float,
    number: int,
    depths: wp.array4d(dtype=wp.float32),
):
    """Point `tid`: spread the area that it hides over the eight cells of grid `number` around it.

    A cell's value is the hidden area over the area of a texel at that distance. One launch, one thread.
    """
    index = wp.tid()
    size = depths.shape[3]
    place = seen_from(cameras[number], positions[number], focals[number], float(size), points[index])
    if place[2] <= 0.0:
        return
    at = texel_of(place, nearest[number], thickness)
    column = int(wp.floor(at[0]))
    row = int(wp.floor(at[1]))
    layer = int(wp.floor(at[2]))
    x = at[0] - float(column)
    y = at[1] - float(row)
    z = at[2] - float(layer)
    texel = 1.0 / (place[2] * focals[number])
    value = areas[index] / (texel * texel)
    for dz in range(2):
        for dy in range(2):
            for dx in range(2):
                c = column + dx
                r = row + dy
                s = layer + dz
                if c >= 0 and c < size and r >= 0 and r < size and s >= 0 and s < depths.shape[1]:
                    weight = wp.abs(1.0 - float(dx) - x) * wp.abs(1.0 - float(dy) - y) * wp.abs(1.0 - float(dz) - z)
                    wp.atomic_add(depths, number, s, r, c, weight * value)


@wp.func
def shadow_at(shadows: wp.array4d(dtype=wp.float32), number: int, layer: int, row: int, column: int):
    """Shadow on the near face of a slice; nothing shadows what lies outside the grid."""
    size = shadows.shape[3]
    found = float(0.0)
    if column >= 0 and column < size and row >= 0 and row < size:
        found = shadows[number, layer, row, column]
    return found


@wp.func
def shadow_across(
    shadows: wp.array4d(dtype=wp.float32), number: int, layer: int, row: int, column: int, x: float, y: float
):
    """Bilinear `shadow_at`."""
    upper = (1.0 - x) * shadow_at(shadows, number, layer, row, column)
    upper += x * shadow_at(shadows, number, layer, row, column + 1)
    lower = (1.0 - x) * shadow_at(shadows, number, layer, row + 1, column)
    lower += x * shadow_at(shadows, number, layer, row + 1, column + 1)
    return (1.0 - y) * upper + y * lower


@wp.kernel(enable_backward=False)
def look_up_passing(
    points: wp.array(dtype=wp.vec3),
    cameras: wp.array(dtype=wp.mat33),
    positions: wp.array(dtype=wp.vec3),
    focals: wp.array(dtype=wp.float32),
    nearest: wp.array(dtype=wp.float32),
    thickness: float,
    lift: float,
    shadows: wp.array4d(dtype=wp.float32),
    first: int,
    passing: wp.array2d(dtype=wp.float32),
):
    """Point `first + tid`: for each grid the share of light that reaches it, `lift` slices nearer to the light."""
    index = first + wp.tid()
    slices = shadows.shape[1] - 1
    size = float(shadows.shape[3])
    for number in range(shadows.shape[0]):
        share = float(1.0)
        place = seen_from(cameras[number], positions[number], focals[number], size, points[index])
        if place[2] > 0.0:
            at = texel_of(place, nearest[number], thickness)
            depth = wp.clamp(at[2] + 0.5 - lift, 0.0, float(slices) - 0.001)
            layer = int(depth)
            column = int(wp.floor(at[0]))
            row = int(wp.floor(at[1]))
            x = at[0] - float(column)
            y = at[1] - float(row)
            near = shadow_across(shadows, number, layer, row, column, x, y)
            far = shadow_across(shadows, number, layer + 1, row, column, x, y)
            share = 1.0 - wp.lerp(near, far, depth - float(layer))
        passing[index, number] = share


@wp.kernel(enable_backward=False)
def look_up_unhidden(
    points: wp.array(dtype=wp.vec3),
    cameras: wp.array(dtype=wp.mat33),
    positions: wp.array(dtype=wp.vec3),
    focals: wp.array(dtype=wp.float32),
    nearness: wp.array3d(dtype=wp.float32),
    nearer: float,
    first: int,
    shares: wp.array2d(dtype=wp.float32),
):
    """Point `first + tid`: for each depth map 1 where nothing is nearer to its eye by more than `nearer` metres."""
    index = first + wp.tid()
    size = nearness.shape[1]
    for number in range(nearness.shape[0]):
        share = float(1.0)
        place = seen_from(cameras[number], positions[number], focals[number], float(size), points[index])
        if place[2] > 0.0:
            column = int(wp.floor(place[0]))
            row = int(wp.floor(place[1]))
            if column >= 0 and column < size and row >= 0 and row < size:
                near = nearness[number, row, column]
                if near > 0.0 and 1.0 / near < 1.0 / place[2] - nearer:
                    share = 0.0
        shares[index, number] = share


# ------------------------------------------------------------------------------------------------------------- shading


@wp.struct
class Fibre:
    """`fibres.Fibre` in radians, of the sum of the angles to the light and to the eye."""

    shift: wp.vec3
    width: wp.vec3
    azimuth: wp.vec2
    reflectance: float
    absorption: float
    forward: float
    diffuse: float
    facing: float


@wp.func
def bell(x: float, width: float):
    """Normal distribution's density."""
    return 0.39894228 / width * wp.exp(-0.5 * x * x / (width * width))


@wp.func
def powers(colour: wp.vec3, exponent: wp.vec3):
    """Each channel to its own power."""
    return wp.vec3(wp.pow(colour[0], exponent[0]), wp.pow(colour[1], exponent[1]), wp.pow(colour[2], exponent[2]))


@wp.kernel(enable_backward=False)
def shade_points(
    points: wp.array2d(dtype=wp.vec3),
    colours: wp.array2d(dtype=wp.vec3),
    seen: wp.array2d(dtype=wp.bool),
    passing: wp.array3d(dtype=wp.float32),
    lit: wp.array3d(dtype=wp.float32),
    around: wp.array2d(dtype=wp.vec3),
    lights: wp.array(dtype=wp.vec3),
    shines: wp.array(dtype=wp.vec3),
    radii: wp.array(dtype=wp.float32),
    eye: wp.vec3,
    fibre: Fibre,
    first: int,
    radiance: wp.array2d(dtype=wp.vec3),
):
    """Point `first + tid`, counted along the strands: the light that leaves it towards the eye."""
    index = first + wp.tid()
    count = points.shape[1]
    strand = index / count
    p = index - strand * count
    # A segment that goes out of sight is shaded at both ends.
    if not (seen[strand, p] or seen[strand, wp.max(p - 1, 0)] or seen[strand, wp.min(p + 1, count - 1)]):
        return
    here = points[strand, p]
    along = points[strand, wp.min(p + 1, count - 1)] - points[strand, wp.max(p - 1, 0)]
    tangent = along / (wp.length(along) + 1.0e-9)
    view = wp.normalize(eye - here)
    sin_view = wp.clamp(wp.dot(tangent, view), -0.999, 0.999)
    cos_view = wp.sqrt(1.0 - sin_view * sin_view)
    angle_view = wp.asin(sin_view)
    across_view = (view - sin_view * tangent) / cos_view

    # Light that has come so far, between the two knots around this point.
    knots = lit.shape[1]
    knot = wp.min(float(p * (knots - 1)) / float(count - 1), float(knots) - 1.001)
    k = int(knot)
    between = knot - float(k)

    colour = wp.max(wp.min(colours[strand, p], wp.vec3(0.98, 0.98, 0.98)), wp.vec3(0.002, 0.002, 0.002))
    depth = wp.vec3(wp.log(colour[0]), wp.log(colour[1]), wp.log(colour[2]))
    depth = wp.cw_mul(depth, depth) * fibre.absorption
    once = wp.vec3(wp.exp(-depth[0]), wp.exp(-depth[1]), wp.exp(-depth[2]))
    twice = wp.cw_mul(once, once)
    # How much of the light that a hair scatters does not go on through the mass.
    lost = wp.vec3(1.0, 1.0, 1.0) - fibre.forward * wp.vec3(wp.sqrt(colour[0]), wp.sqrt(colour[1]), wp.sqrt(colour[2]))

    result = wp.cw_mul(colour, wp.lerp(around[strand, k], around[strand, k + 1], between))
    for number in range(lights.shape[0]):
        offset = lights[number] - here
        distance = wp.length(offset)
        arriving = shines[number] * (
            wp.lerp(lit[strand, k, number], lit[strand, k + 1, number], between) / (distance * distance)
        )
        if arriving[1] > 1.0e-5:
            light = offset / distance
            sin_light = wp.clamp(wp.dot(tangent, light), -0.999, 0.999)
            cos_light = wp.sqrt(1.0 - sin_light * sin_light)
            angle_light = wp.asin(sin_light)
            cos_turn = wp.clamp(wp.dot(light - sin_light * tangent, across_view) / cos_light, -1.0, 1.0)
            turn = wp.acos(cos_turn)
            cos_half = wp.sqrt(0.5 + 0.5 * cos_turn)
            total = angle_light + angle_view
            cos_difference = wp.cos(0.5 * (angle_view - angle_light))
            # A wide light blurs the lobes: its disc's standard deviation is half its radius.
            blur = 0.5 * radii[number] / distance
            mirrored = fibre.reflectance + (1.0 - fibre.reflectance) * wp.pow(1.0 - cos_difference * cos_half, 5.0)
            entering = (1.0 - mirrored) * (1.0 - mirrored)
            r_width = wp.sqrt(fibre.width[0] * fibre.width[0] + blur * blur)
            tt_width = wp.sqrt(fibre.width[1] * fibre.width[1] + blur * blur)
            trt_width = wp.sqrt(fibre.width[2] * fibre.width[2] + blur * blur)
            r = bell(total - fibre.shift[0], r_width) * 0.25 * cos_half * mirrored
            tt = bell(total - fibre.shift[1], tt_width) * bell(wp.pi - turn, fibre.azimuth[0]) * entering
            trt = bell(total - fibre.shift[2], trt_width) * bell(turn, fibre.azimuth[1]) * entering
            trt = trt * 2.0 * fibre.reflectance
            single = wp.vec3(r, r, r) + tt * once + trt * twice
            single = single * (wp.pi * cos_light / (cos_difference * cos_difference))
            share = wp.max(passing[strand, p, number], 1.0e-4)
            spread = powers(wp.vec3(share, share, share), lost)
            phase = 1.0 - fibre.facing + fibre.facing * cos_half
            scattered = fibre.diffuse * cos_light * phase * wp.cw_mul(colour, spread)
            result += wp.cw_mul(arriving, share * single + scattered)
    radiance[strand, p] = result


# ------------------------------------------------------------------------------------------------------------- drawing


@wp.kernel(enable_backward=False)
def project_points(
    points: wp.array2d(dtype=wp.vec3),
    radii: wp.array2d(dtype=wp.float32),
    camera: wp.mat33,
    position: wp.vec3,
    focal: float,
    depth: wp.array2d(dtype=wp.float32),
    behind: float,
    margin: float,
    first: int,
    places: wp.array2d(dtype=wp.vec4),
    seen: wp.array2d(dtype=wp.bool),
):
    """Point `first + tid`: pixel x and y, depth, half its width in pixels; and whether it can be seen at all."""
    index = first + wp.tid()
    strand = index / points.shape[1]
    p = index - strand * points.shape[1]
    size = depth.shape[0]
    place = seen_from(camera, position, focal, float(size), points[strand, p])
    if place[2] <= 0.0:
        seen[strand, p] = False
        places[strand, p] = wp.vec4(0.0, 0.0, 0.0, 0.0)
        return
    far = 1.0 / place[2]
    places[strand, p] = wp.vec4(place[0], place[1], far, radii[strand, p] * focal * place[2])
    inside = (
        place[0] > -margin
        and place[0] < float(size) + margin
        and place[1] > -margin
        and place[1] < float(size) + margin
    )
    row = wp.clamp(int(wp.floor(place[1])), 0, size - 1)
    column = wp.clamp(int(wp.floor(place[0])), 0, size - 1)
    seen[strand, p] = inside and far < depth[row, column] + behind


@wp.func
def draw_segment(
    start: int,
    places: wp.array(dtype=wp.vec4),
    radiance: wp.array(dtype=wp.vec3),
    depth: wp.array2d(dtype=wp.float32),
    sunk: float,
    fade: float,
    first_row: int,
    stop_row: int,
    picture: wp.array2d(dtype=wp.vec4),
):
    """Lay the segment that starts at a point under what is in some rows of the picture already.

    Along the segment's longer axis every line of pixels is visited. In it pixels hide what a box as wide as a pixel has
    in common with the segment, so that together they hide exactly the segment's area, wherever it lies.
    """
    a = places[start]
    b = places[start + 1]
    dx = b[0] - a[0]
    dy = b[1] - a[1]
    # Off the diagonal, so that a hair along it does not change its axis from segment to segment.
    steep = wp.abs(dy) > 1.05 * wp.abs(dx)
    major_a = a[0]
    minor_a = a[1]
    along = dx
    slope = dy / dx
    first = 0
    stop = depth.shape[1]
    least = first_row
    most = stop_row
    if steep:
        major_a = a[1]
        minor_a = a[0]
        along = dy
        slope = dx / dy
        first = first_row
        stop = stop_row
        least = 0
        most = depth.shape[1]
    if wp.abs(along) < 1.0e-5:
        return
    # A slanting segment is longer in the line of pixels than it is wide.
    slant = wp.sqrt(1.0 + slope * slope)
    around = slant * wp.max(a[3], b[3]) + 0.5
    first = wp.max(first, int(wp.ceil(wp.min(major_a, major_a + along) - 0.5)))
    stop = wp.min(stop, int(wp.ceil(wp.max(major_a, major_a + along) - 0.5)))
    from_a = radiance[start]
    from_b = radiance[start + 1]
    for major in range(first, stop):
        t = (float(major) + 0.5 - major_a) / along
        middle = minor_a + t * along * slope
        half = slant * wp.lerp(a[3], b[3], t)
        far = wp.lerp(a[2], b[2], t)
        colour = wp.lerp(from_a, from_b, t)
        lowest = wp.max(least, int(wp.ceil(middle - around - 0.5)))
        highest = wp.min(most, int(wp.floor(middle + around - 0.5)) + 1)
        for minor in range(lowest, highest):
            row = minor
            column = major
            if steep:
                row = major
                column = minor
            there = picture[row, column]
            if there[3] < 0.996:
                cover = wp.min(half + 0.5 - wp.abs(float(minor) + 0.5 - middle), wp.min(2.0 * half, 1.0))
                above = depth[row, column] + sunk - far
                cover = cover * wp.min(1.0, above / fade + 1.0)
                if cover > 0.0 and above > -fade:
                    weight = cover * (1.0 - there[3])
                    picture[row, column] = there + wp.vec4(
                        weight * colour[0], weight * colour[1], weight * colour[2], weight
                    )


@wp.kernel(enable_backward=False)
def draw_bands(
    order: wp.array(dtype=wp.int32),
    begins: wp.array(dtype=wp.int32),
    rows: wp.array(dtype=wp.int32),
    places: wp.array(dtype=wp.vec4),
    radiance: wp.array(dtype=wp.vec3),
    depth: wp.array2d(dtype=wp.float32),
    sunk: float,
    fade: float,
    picture: wp.array2d(dtype=wp.vec4),
    first: int,
):
    """Band of rows `first + tid`: draw its segments, from the nearest to the furthest.

    Band b is rows[b]..rows[b + 1] and has order[begins[b]..begins[b + 1]]. `picture` is linear colour times opacity,
    and opacity.
    """
    band = first + wp.tid()
    for number in range(begins[band], begins[band + 1]):
        draw_segment(order[number], places, radiance, depth, sunk, fade, rows[band], rows[band + 1], picture)
