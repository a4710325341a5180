"""What files of photos contain beside their pixels: EXIF with dates and places, and XMP with tags."""

from PIL import Image

ORIGINAL, DIGITISED, CHANGED = 0x9003, 0x9004, 0x0132  # EXIF: DateTimeOriginal, DateTimeDigitized, DateTime
PACKET = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    ' xmlns:digiKam="http://www.digikam.org/ns/1.0/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/">{}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def dated(**moments):
    """EXIF with these moments; `changed` is when a program last wrote the file."""
    exif = Image.Exif()
    tags = {"original": ORIGINAL, "digitised": DIGITISED}
    exif[0x8769] = {tags[name]: text for name, text in moments.items() if name in tags}
    if "changed" in moments:
        exif[CHANGED] = moments["changed"]
    read = Image.Exif()
    read.load(exif.tobytes())  # as from a file: Pillow writes no other into a TIFF
    return read


def placed(latitude=(12.0, 30.0, 36.0), north="S", longitude=(70.0, 15.0, 0.0), east="E", temperature=-4.5):
    exif = Image.Exif()
    exif[0x010F] = "MAKER\0"
    exif[0x8769] = {ORIGINAL: "2014:06:01 05:59:58", 0x9400: temperature}
    exif[0x8825] = {1: north, 2: latitude, 3: east, 4: longitude}
    return exif


def packet(**tags):
    names = {"digikam": "digiKam:TagsList", "lightroom": "lr:hierarchicalSubject", "subject": "dc:subject"}
    parts = "".join(
        f"<{names[name]}><rdf:Bag>{''.join(f'<rdf:li>{tag}</rdf:li>' for tag in all_of)}</rdf:Bag></{names[name]}>"
        for name, all_of in tags.items()
    )
    return PACKET.format(parts).encode()
