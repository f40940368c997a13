"""Many faces at a glance, as files that need neither a network nor a server: contact sheets and a page in a browser.

contact-sheet.jpg      100 faces a sheet; contact-sheet-2.jpg and so on where there are more
index.html             the page: search, filters, and each head in 3D with its blend shapes on sliders
page/faces.js          what the page says of the faces
page/thumbnails/       a small picture of each
page/heads/            a small GLB of each head, as a script, because pages from disk may read no other files
page/viewer.js         the 3D view: our `source/viewer.js` and three.js, bundled by `npm run build`
"""

from __future__ import annotations

from dreamface.webpage.heads import write_head
from dreamface.webpage.page import MOST_HEADS, has_view, write_page
from dreamface.webpage.sheets import write_contact_sheets

__all__ = ["MOST_HEADS", "has_view", "write_contact_sheets", "write_head", "write_page"]
