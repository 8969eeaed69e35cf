"""stub"""


def specification_page(runs):
    return ""
